"""The CSS of the page Mood in the presenter's view: what comes next, and what is hidden."""

MOOD = """
:root:not(.presenting) .st-key-photo_songs { display: none; }
.presenting {
    /* First the camera, and the moods to choose from. */
    &:has(.st-key-mood) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(h1, .st-key-open_camera, .stCameraInput, .stAlert, h3, audio, [class*=_song_],
            [class*=st-key-icon_own_play_], [data-testid=stImage], .st-key-mood,
            .st-key-songs_origin, iframe[title*=webrtc])),
    &:has(.st-key-mood) [data-testid=stColumn]:not(:has(.st-key-open_camera, .stCameraInput, h3,
        [data-testid=stImage], .stAlert, iframe[title*=webrtc])), .st-key-mood_line { display: none; }
    .st-key-mood_now h3 { font-size: 2.6rem !important; white-space: nowrap; }
    .mood-bars { grid-template-columns: max-content 1fr 4.2rem; }

    /* Live: the face, the word and the seven bars. */
    iframe[title*=webrtc] { zoom: calc(1 / var(--stage-zoom, 1)); }
    &:has(iframe[title*=webrtc]) .mood-bars { display: grid !important; line-height: 1.25; row-gap: .1rem; }
    &:has(iframe[title*=webrtc]):has([data-testid=stColumn] h3) .st-key-mood { display: none; }
    [data-testid=stHorizontalBlock]:has(iframe[title*=webrtc]):not(.st-key-teach_look *) >
        [data-testid=stColumn] { flex: 1 1 0; &:has(iframe) { flex: 1.3 1 0; } }
    /* Then the face stands beside the songs. */
    &:has(.st-key-direction):has(iframe[title*=webrtc]) {
        & .mood-bars { display: none !important; }
        & [data-testid=stHorizontalBlock]:has(iframe[title*=webrtc]) { position: relative; }
        & [data-testid=stColumn]:has(iframe[title*=webrtc]) { position: absolute; left: 0; top: 0; width: 24%;
            min-width: 0; }
        & [data-testid=stColumn]:has(.st-key-take_live_mood),
        & .stMainBlockContainer > .stVerticalBlock > :not(:has(iframe[title*=webrtc])) { margin-left: 26%;
            width: 74%; }
        & :has(> .st-key-take_live_mood) { flex-direction: row; align-items: center; gap: 1rem;
            & > * { width: auto; flex: none; }
            & > :first-child { flex: 1; } }
        & .st-key-mood_now h3 { font-size: 2.2rem !important; }
        & .st-key-take_live_mood button { padding: .2rem .9rem; }
    }
    :is([data-testid=stLayoutWrapper], [data-testid=stVerticalBlock]):has(> .st-key-open_camera,
        > * > .st-key-open_camera) { border: 0; padding: 0; flex: none !important; height: auto !important;
        align-items: start; }
    .st-key-open_camera button :is(p, span) { font-size: 2rem !important; }
    .stCameraInput { width: calc((var(--stage-height) - 5rem) * 4 / 3); max-width: 100%; margin: 0 auto; }
    /* Streamlit makes the picture as large as its frame is on the screen, and the stage enlarges it again. */
    .stCameraInput :is([data-testid=stCameraInputWebcamComponent], [data-testid=stCameraInputWebcamStyledBox],
        video) { width: 100% !important; height: auto !important; }
    .stCameraInput video { aspect-ratio: 4 / 3; object-fit: cover; }
    .stCameraInput button { min-height: 3rem; font-size: 1.6rem; }
    .st-key-mood, :is(.st-key-mood, .st-key-act) .stButtonGroup { width: 100%; }
    :is(.st-key-mood, .st-key-act) :has(> [role=radio]) { display: grid; width: 100%;
        grid-template-columns: repeat(4, 1fr); }
    :is(.st-key-mood, .st-key-act) [role=radio] { min-width: 0; min-height: 8rem; padding: 0; }
    :is(.st-key-mood, .st-key-act) [role=radio] [data-testid=stIconMaterial] { font-size: 4rem !important; }
    .st-key-mood [role=radio] { min-height: calc((var(--stage-height) - 13rem) / 2); }
    &:has(iframe[title*=webrtc]) .st-key-mood [role=radio] {
        min-height: calc((var(--stage-height) - 16rem) / 2); }
    .st-key-mood [role=radio] [data-testid=stIconMaterial] { font-size: 5.5rem !important; }
    .st-key-mood [role=radio] p { font-size: 2rem !important; }
    .st-key-mood :has(> [role=radio]:nth-child(8)) [role=radio] p { font-size: 1.5rem !important; }
    /* Moods of one's own beside the seven: smaller cards, in as many columns as fit in the room. */
    .st-key-mood :has(> [role=radio]:nth-child(9)) { grid-template-columns: repeat(5, 1fr);
        & [role=radio] [data-testid=stIconMaterial] { font-size: 4rem !important; }
        & [role=radio] p { font-size: 1.6rem !important; } }
    .st-key-mood :has(> [role=radio]:nth-child(11)) { grid-template-columns: repeat(6, 1fr);
        & [role=radio] { min-height: calc((var(--stage-height) - 13.5rem) / 3); }
        & [role=radio] [data-testid=stIconMaterial] { font-size: 2.8rem !important; }
        & [role=radio] p { font-size: 1.5rem !important; display: -webkit-box; -webkit-line-clamp: 2;
            -webkit-box-orient: vertical; overflow: hidden; line-height: 1.1; overflow-wrap: anywhere; } }

    /* Then the seven moods in a slim row, to go on with, one sentence, and the first songs. */
    &:has(.st-key-direction) :is(h1, .mood-bars, .st-key-mood [data-testid=stWidgetLabel],
        .st-key-mood_songs > :not(:has(h3, .st-key-show_face)), .song-facts + .song-why,
        [data-testid=stHorizontalBlock]:has(.stFileUploader)),
    &:has(.st-key-direction):has(.st-key-open_camera, .stCameraInput) :is(.st-key-mood_songs,
        .st-key-songs_songs, .st-key-own_songs, .st-key-own_music),
    &:has(.st-key-direction):has([data-testid=stColumn] h3):not(:has(iframe[title*=webrtc]))
        .st-key-mood_songs,
    &:has(.st-key-direction):has(audio, [class*=st-key-icon_own_play_]) .stAlert,
    &:has([class*=st-key-icon_own_play_]:not(.stExpander *)) .st-key-songs_songs,
    .st-key-own_music:not(:has(audio)), .st-key-own_songs > :first-child:has(> .stMarkdown),
    .st-key-own_songs:not(:has([class*=st-key-icon_own_play_]:not(.stExpander *), .stMarkdown)),
    .st-key-songs_songs > :nth-child(n + 5 of :has(> [class*=_song_])),
    .st-key-own_songs > :nth-child(n + 5 of :has([class*=st-key-icon_own_play_])),
    .st-key-own_songs:has(audio) > :nth-child(n + 4 of :has([class*=st-key-icon_own_play_])),
    &:has([data-testid=stImage]) .st-key-songs_songs > :nth-child(n + 4 of :has(> [class*=_song_])),
    &:has([data-testid=stImage]) .st-key-own_songs >
        :nth-child(n + 4 of :has([class*=st-key-icon_own_play_])),
    .st-key-songs_songs:has(.stVideo) > :not(:has(.stVideo), :has(+ * .stVideo)),
    &:has(.stCameraInput) :is(h1, .st-key-mood) { display: none; }
    .st-key-mood_songs { position: relative; }
    .st-key-mood_songs > :has(.st-key-show_face) { position: absolute; right: 0; top: 0; width: auto; }
    .st-key-another_picture { position: fixed; right: 2.75rem; top: 1.3rem; width: auto !important; }
    :is(.st-key-show_face, .st-key-another_picture) button { padding: .2rem .6rem; }
    :is(.st-key-show_face, .st-key-another_picture) button [data-testid=stMarkdownContainer] {
        position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    :is(.st-key-show_face, .st-key-another_picture) button [data-testid=stIconMaterial] {
        font-size: 2.2rem !important; }
    /* A photograph is as large as live video, until the songs are asked for. */
    &:has(.st-key-portrait_large) {
        & .stMainBlockContainer > .stVerticalBlock >
            :not(.st-key-mood, :has(.st-key-portrait_large, .st-key-mood)), h1 { display: none; }
        & .mood-bars { display: grid !important; line-height: 1.25; row-gap: .1rem; }
        & .st-key-portrait_large [data-testid=stColumn] { flex: 1 1 0; }
        & .st-key-portrait_large h3 { font-size: 2.9rem !important; }
        & .st-key-portrait_large [data-testid=stImage] img { height: 22rem; }
        & .st-key-another_picture { top: auto; bottom: .6rem; }
        & .st-key-mood [role=radio]:not(:nth-child(9) ~ *, :has(~ :nth-child(9))) { min-height: 7.6rem; }
    }
    /* Above the songs, the first sentence of where they come from. */
    .st-key-songs_origin [data-testid=stCaptionContainer] { display: block !important; }
    .st-key-songs_origin p { font-size: 1.5rem !important; }
    .st-key-songs_origin > :not(:first-child),
    &:has(.stVideo, [class*=st-key-icon_own_play_]:not(.stExpander *)) .st-key-songs_origin {
        display: none; }
    /* Beside a face, and above songs, the moods are one row. */
    &:has(.st-key-direction, .st-key-another_picture) .st-key-mood {
        min-height: 0;
        & [role=radio] { min-height: 5.5rem; }
        & :has(> [role=radio]) { grid-template-columns: repeat(auto-fit, minmax(6.3rem, 1fr)); }
        & [role=radio] p { font-size: 1.5rem !important; }
        & :has(> [role=radio]:nth-child(9)) { grid-template-columns: repeat(5, 1fr); gap: .3rem;
            & [role=radio] { min-height: 2.6rem; }
            & [role=radio] [data-has-shortcut] { flex-direction: row; gap: .4rem; }
            & [role=radio] p { display: block; white-space: nowrap; overflow: hidden;
                text-overflow: ellipsis; }
            & [role=radio] [data-testid=stIconMaterial] { font-size: 1.8rem !important; } }
        & [data-has-shortcut] { gap: 0; }
        & [role=radio] [data-testid=stIconMaterial] { font-size: 2.3rem !important; }
    }
    &:has(.st-key-direction) .stMainBlockContainer > .stVerticalBlock { gap: .4rem; }
    &:has(.st-key-direction) h3 { font-size: 2.5rem !important; line-height: 1.1; }
    .st-key-mood_songs { padding: .5rem 0 1.1rem; }  /* a heading of Streamlit's is taller than its box */
    &:has(.st-key-mood) [data-testid=stImage] img { height: 8.5rem; object-fit: contain;
        object-position: left; }
    .song-picture { width: 6.2rem; }
    &:has(.st-key-direction) .song-name { font-size: 1.8rem; -webkit-line-clamp: 1; }
    .song-facts { font-size: 1.5rem; }
    .st-key-own_songs [data-testid=stHorizontalBlock] [data-testid=stCaptionContainer] {
        display: block !important; }
    :is(.st-key-own_music, .st-key-own_songs, .st-key-songs_songs) { border: 0; padding: 0; gap: .3rem; }
    .st-key-own_music .stMarkdown p { font-size: 2.4rem; }
    .st-key-own_music { gap: 1.6rem; padding-top: 1rem; }
    .st-key-own_music .play-button { --size: 12rem; }
    .st-key-own_songs .stMarkdown p { font-size: 1.8rem; }
    .st-key-own_songs [data-testid=stHorizontalBlock] .stMarkdown p { white-space: nowrap; overflow: hidden;
        text-overflow: ellipsis; }
    :is(.st-key-own_songs, [class*="_song_"]) button [data-testid=stIconMaterial] {
        font-size: 3rem !important; }
    .st-key-own_songs .stButton button, [class*="_song_"] .stButton button { padding: 0 .5rem; }
    .st-key-songs_songs .stVideo { height: calc(var(--stage-height) - 17rem); }

    /* Teach: the video and the button that records. Streamlit makes the video's frame as large as its column
       is on the screen. */
    &:has(.st-key-teach_look) .stMainBlockContainer > .stVerticalBlock >
        :not(.st-key-teach_look, :has(h1, .st-key-teach_look)) { display: none; }

    /* Act this mood. */
    &:has(.st-key-act) h1 { display: none; }
    .st-key-act > [data-testid=stElementContainer] > .stMarkdown p { font-size: 2.2rem; }
    .st-key-act .mood-bars { display: none; }
    .act-card { width: 11rem; height: 14.5rem; }
    .act-card i { font-size: 6rem; }
    :is(.act-card b, .act-guesses p, .act-score div, .act-scenes) { font-size: 1.5rem; }
    .st-key-act [data-testid=stImage] img { max-height: 24rem; object-fit: contain; }
    .st-key-act .stCameraInput { width: min(100%, (var(--stage-height) - 11rem) * 4 / 3); }
}
"""
