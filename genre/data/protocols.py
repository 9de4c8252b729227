"""The protocols by name, with their training and test parts. `genre.data.splits` applies them."""

PROTOCOLS = {
    "filtered": "GTZAN's fault-filtered train and valid lists",
    "track": "80 % of the tracks of each genre against the other 20 %",
    "kfold": "five folds of tracks, each tested once",
    "blocks": "five folds of neighbouring track numbers, which often share artist or album",
    "artist": "no artist in both parts; needs a list of lines `track,artist`",
    "segment": "LEAKY: windows of the same track in both parts; only to repeat published figures",
    "all": "all tracks are there to learn from, nothing is tested",
}
FOLD_PROTOCOLS = ("kfold", "blocks")  # several parts, then one with all tracks, whose weights are saved
