"""Keys that older versions of Earmark stored, and today's names for them.

Every reader of a stored file (config.json, card.json, report.json) passes it through `renew_keys`.
"""

from collections.abc import Mapping
from typing import Any

# Older versions' names of the kinds of input.
INPUT_ALIASES = {"pictures": "mel_30s", "mel3s": "mel_3s_zscored", "excerpts": "mel_3s"}

SETTINGS_KEYS = {
    "begin": "initial_run",
    "begun_with": "previous_recipes",
    "relevel": "renormalize",
    "telephone": "phone",
}

METRIC_KEYS = {
    "macro_accuracy": "balanced_accuracy",
    "macro_accuracy_interval": "balanced_accuracy_interval",
    "calibration_error": "ece",
    "calibration_error_before": "ece_before",
    "calibration_error_interval": "ece_interval",
    "right_when_sure": "selective_accuracy",
    "sure_above": "confidence_threshold",
    "refused": "rejected",
    "lost": "accuracy_drop",
    "gained": "gain",
    "each": "values",
    "both": "count",
    "ways": "conditions",
    "heard_whole": "full_recording",
}

REPORT_KEYS = METRIC_KEYS | {
    "answers": "predictions",
    "answer": "prediction",
    "learnt_from": "train_fingerprint",
    "left_out": "skipped",
}

CARD_KEYS = (
    SETTINGS_KEYS
    | METRIC_KEYS
    | {
        "figures": "metrics",
        "views": "branches",
        "alone": "calibration",
        "measured_on": "metrics_from",
        "learnt_from": "train_fingerprint",
        "sure_above_by_length": "confidence_thresholds_by_duration",
        "genre_weights": "class_bias",
        "sizes": "size_schedule",
        "twins_dropped": "near_duplicates_dropped",
        "twins_correlate_above": "near_duplicate_correlation",
    }
)


GAN_RECIPE_KEYS = {
    "steps": "steps_per_epoch",
    "critic_rate": "discriminator_learning_rate",
    "learning_rate": "generator_learning_rate",
    "momentum": "adam_beta1",
    "average": "ema_decay",
    "r1": "r1_gamma",
    "r1_every": "r1_interval",
    "r1_batch": "r1_batch_size",
    "augment": "diff_augment",
    "genre_weight": "genre_loss_weight",
    "control_weight": "control_loss_weight",
}

GAN_CARD_KEYS = GAN_RECIPE_KEYS | {
    "control_spread": "control_std",
    "typical": "control_stats_by_genre",
    "figures": "metrics",
    "spread": "std",
    "macro_accuracy": "balanced_accuracy",
    "macro_accuracy_interval": "balanced_accuracy_interval",
    "mel3s": "mel_3s_zscored",
    "judge": "reference_classifier",
    "a_genre": "n_per_genre",
    "agreement": "genre_accuracy",
    "share": "recall",
    "recorded": "real_recorded",
    "sounded": "real_resynthesized",
    "ours": "generated",
    "real": "real_train",
    "plain": "dcgan",
    "kernel_error": "kernel_standard_error",
    "least": "min_ratio",
    "copying": "nearest_training_clip",
    "to_the_judge": "embedding",
    "as_spectrograms": "spectrogram",
    "ours_median": "generated_median",
    "ours_nearest_5": "generated_5th_percentile",
    "real_nearest_5": "real_5th_percentile",
    "met": "criteria",
    "agreement_half": "accuracy_half",
    "agreement_of_real": "accuracy_near_real",
    "nearer_than_noise": "closer_than_noise",
    "nearer_than_plain": "closer_than_dcgan",
}


def renew_keys(value: Any, keys: Mapping[str, str]) -> Any:
    """Rename a value's keys, at any depth, and its kinds of input to today's names."""
    if isinstance(value, dict):
        result = {keys.get(key, key): renew_keys(item, keys) for key, item in value.items()}
        if isinstance(result.get("input"), str):
            result["input"] = INPUT_ALIASES.get(result["input"], result["input"])
        for part in ("branches", "epochs"):
            if isinstance(result.get(part), dict):
                result[part] = {INPUT_ALIASES.get(kind, kind): item for kind, item in result[part].items()}
        if isinstance(value.get("genres"), dict):  # a user's genre may have the name of an old key
            genres = value["genres"].items()
            result[keys.get("genres", "genres")] = {genre: renew_keys(item, keys) for genre, item in genres}
        return result
    if isinstance(value, list):
        return [renew_keys(item, keys) for item in value]
    return value
