"""Problems: as data, as TOML files, and those of the lectures."""
