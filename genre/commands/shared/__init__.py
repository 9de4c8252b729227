"""What several commands share: their frame, the engine, Parquet parts."""
