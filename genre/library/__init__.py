"""A music library: folders of songs, predicted once where they lie, and asked from then on without any
network.

    scan_folders([Path("/music")])               every song into the index (`genre.library.scan`)
    library = load_library()                     the index in memory (`genre.library.search`)
    library.find(Query(genre="jazz", like=7))    filters and nearest neighbours
    mood_path(library, start, "calm", 12)        a playlist that leads somewhere, with a reason a song

Everything lies under EARMARK_HOME/library; music files are only read, unless tags are written on request
(`genre.library.tag_writing`).
"""
