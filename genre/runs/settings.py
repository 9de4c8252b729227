"""Settings in a run's config.json: dataclasses that are converted to plain JSON and back."""

import json
from dataclasses import asdict, fields, is_dataclass
from typing import Any, Self, TypeVar

from genre.legacy import SETTINGS_KEYS, renew_keys

SettingType = TypeVar("SettingType")


class SettingsError(ValueError):
    """The settings of a run are of another version, or damaged; the text says what to do."""


class RunSettings:
    """The base of the dataclasses in a run's config.json."""

    def to_dict(self) -> dict:
        """Convert the settings to plain JSON values."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[call-overload]

    def equals(self, values: dict) -> bool:
        """Return whether the `values` of a config.json, of any version, are the same settings."""
        try:
            return self.from_dict(values).to_dict() == self.to_dict()
        except SettingsError:
            return False

    @classmethod
    def from_dict(cls, values: dict) -> Self:
        """Read the values of `to_dict`, of any version. Raises SettingsError for values that do not fit."""
        try:
            return _restore(cls, renew_keys(values, SETTINGS_KEYS))
        except (KeyError, TypeError) as error:
            raise SettingsError(
                "This run was made by another version of Earmark: start a new one."
            ) from error


def _restore(kind: type[SettingType], values: dict) -> SettingType:
    nested_settings = {
        part.name: _restore(part.type, values[part.name])
        for part in fields(kind)  # type: ignore[arg-type]
        if isinstance(part.type, type) and is_dataclass(part.type)
    }
    settings = kind(**{**values, **nested_settings})
    for part in fields(kind):  # type: ignore[arg-type]
        field_type: Any = (int, float) if part.type is float else part.type
        if part.type in (str, int, float, bool, dict) and not isinstance(
            getattr(settings, part.name), field_type
        ):
            raise TypeError(f"{part.name} must be of another type.")
    return settings
