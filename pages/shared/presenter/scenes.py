"""The CSS of each page in the presenter's view: what comes next on it, and what is hidden."""

LISTEN = """
.presenting {
    /* The answer fills the stage; while something is heard, the recorder does. */
    &:has(.recorder) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(.recorder, .st-key-answer)) { display: none; }
    &:has(.st-key-answer) :is(.st-key-recorder_panel, [data-testid=stLayoutWrapper]:has(>
        .st-key-recorder_panel)) { min-height: 0; height: 0 !important; }
    .st-key-answer { border: 0; padding: 0; gap: .4rem; }
    .st-key-answer > :not(:has(> .stHtml .answer, > .stHtml .answer-bars, .player, audio, > .stAlert)),
    .st-key-answer:has(.answer) > :has(> .stAlert), .st-key-answer:not(:has(.answer)) > :has(.player),
    .st-key-results > :not(.st-key-answer, :has(.st-key-answer)) { display: none; }
    .st-key-answer .stAlert { margin-top: 8rem; }
    .st-key-answer .stAlert p { font-size: 2.4rem; }
    .st-key-answer_sound { position: absolute; width: 1px; height: 1px; overflow: hidden; opacity: 0; }
    .answer-lead { font-size: 1.5rem; }
    .answer .answer-genre { font-size: 7rem; line-height: 1; }
    .answer-certainty, .answer-certainty b { font-size: 1.9rem; }
    .answer-bars { font-size: 1.5rem; max-width: 44rem; grid-template-columns: max-content 1fr 4.2rem; }
    .answer-bars i { height: 1.1rem; border-radius: .55rem; }
    .player .player-readout { font-size: 1.5rem; text-align: center; }
    .player-picture canvas { height: calc(var(--stage-height) - 25rem); }
    .st-key-answer:has(.answer-note) .answer-bars > :nth-child(n + 7) { display: none; }  /* two bars */
    .player-legend { display: none; }
    .recorder { --size: 8.5rem; font-size: 1.5rem; }
    .recorder-live, &:has(.st-key-answer) .recorder[data-state=idle] .recorder-hint { display: none; }
    &:has(.st-key-answer) .recorder[data-state=idle] { --size: 6rem; position: fixed; left: 1rem; top: .5rem;
        z-index: 5; }
    &:has(.st-key-answer) .recorder[data-state=idle] .recorder-mark { font-size: 2.6rem; width: 2.6rem;
        height: 2.6rem; }
    &:has(.st-key-answer) .recorder[data-state=idle] .recorder-word { display: none; }
    &:not(:has(.st-key-answer)) .recorder[data-state=idle] { --size: 22rem; }
    &:not(:has(.st-key-answer)) .recorder[data-state=idle] .recorder-mark { font-size: 9rem; width: 9rem;
        height: 9rem; }
    .recorder-word { font-size: 2.4rem; }
    &:has(.st-key-answer) .recorder-history { display: none; }
    &:not(:has(.st-key-answer)) .recorder[data-state=idle]:has(.recorder-history:not([hidden])) {
        --size: 9rem;
        & .recorder-mark { font-size: 3.6rem; width: 3.6rem; height: 3.6rem; }
        & .recorder-word { font-size: 1.25rem; }
    }
    .recorder-history { width: 100%; font-size: 1.8rem; }
    .recorder-history li i { font-size: 2.2rem; }
    .recorder-strip { height: 4rem; border-radius: 1rem; }
    .recorder-history ol { max-height: calc(var(--stage-height) - 22rem); }
    .recorder-hint { font-size: 1.5rem; }
    .recorder:not([data-state=idle]) { position: fixed; inset: 0; z-index: 10; display: grid;
        padding: 1rem 2rem; gap: .4rem 2rem; background: var(--st-background-color);
        align-content: space-between;
        grid-template: "stage answer" auto "hint hint" auto "fall fall" 11rem / 17rem 1fr; --size: 16rem; }
    .recorder-stage { grid-area: stage; margin: auto; }
    .recorder-meter { display: none; }
    .recorder:not([data-state=idle]) .recorder-hint { grid-area: hint; }
    .recorder-answer { grid-area: answer; width: 100%; align-self: center; text-align: left; }
    .recorder .recorder-genre { font-size: 6.5rem; line-height: 1; justify-content: flex-start; }
    .recorder-genre .recorder-mark { font-size: 5rem; min-width: 5rem; }
    .recorder-certainty { font-size: 1.7rem; }
    .recorder-bars { font-size: 1.6rem; grid-template-columns: max-content 1fr 4.5rem; }
    .recorder-bars i { height: 1.3rem; border-radius: .65rem; }
    .recorder-waterfall { grid-area: fall; width: 100%; height: 11rem; }
}
"""

TRAIN = """
:root:not(.presenting) .line-up { display: none; }
.presenting {
    &:has(.st-key-train_about) :is(h1, .st-key-train_about) { display: none; }

    /* Before the start: who races (pages/training/setup/line_up.py), and Start. */
    &:has(.line-up) :is(.st-key-chapters, .st-key-other_ways, .lanes),
    &:has(.line-up) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(.line-up, .st-key-start, .st-key-start_race, .st-key-watch_race)) { display: none; }
    .line-up p { font-size: 1.6rem; margin: .2rem 0; }
    .line-up .line-up-task { font-size: 2.6rem; margin-top: .6rem; font-weight: 700; line-height: 1.15; }
    .line-up ol { list-style: none; padding: 0; margin: 1rem 0; display: grid; gap: .55rem; }
    .line-up li { font-size: 2.6rem; font-weight: 700; line-height: 1.15; padding: .25rem 0 .25rem 1rem;
        border-left: .55rem solid #0F8A8A; }
    :is(.st-key-start, .st-key-start_race, .st-key-watch_race) button { padding: .7rem 2.2rem; }
    .lanes b { font-size: 2.4rem; }
    &:has(.is-running) .stMainBlockContainer > .stVerticalBlock > :not(:has(.is-running)),
    &:has(.is-running) :has(> [class*=st-key-watched_]) { display: none; }
    .lanes i { font-size: 5rem; }

    /* What the models say to music that was played to them stands in the place of the race. */
    &:has(.st-key-answer_0) .stMainBlockContainer > .stVerticalBlock > :not(:has(.st-key-play_it)),
    .st-key-play_it:has(.st-key-answer_0) >
        :not(:has(.st-key-answer_0, .st-key-played_name, .st-key-play_another)),
    [class*=st-key-answer_] .stPlotlyChart { display: none !important; }
    &:has(.st-key-answer_0) .stMainBlockContainer > .stVerticalBlock > :has(.st-key-play_it) {
        display: flex !important; flex: none !important; }
    .st-key-play_it { border: 0; padding: 0; }
    .st-key-play_it [data-testid=stColumn] h3 { font-size: 3.4rem !important; line-height: 1.1; }
    :is(.st-key-start, .st-key-start_race, .st-key-watch_race) button :is(p, span) {
        font-size: 2rem !important; }

    /* Data: how much there is of each genre. */
    &:has(.st-key-counts) .stMainBlockContainer > .stVerticalBlock >
        :not(.st-key-counts, :has(.st-key-to_set_up)) { display: none; }

    /* The race; at its end the sentences of who has won and who has cheated, and the way to the leak. */
    .st-key-race { --chart-zoom: 1.57; }
    .st-key-race > :has(> .stMarkdown) { display: none; }
    &:has(.st-key-race) .stMainBlockContainer > .stVerticalBlock { gap: .5rem; }
    &:has(.st-key-race) .stMainBlockContainer > .stVerticalBlock >
        :not(.st-key-to_leak, :has(.st-key-race, > .stAlert, .celebration)),
    &:has(.st-key-race) :is(:has(> [class*=st-key-watched_]), :has(> .st-key-curves)) { display: none; }
    &:has(.st-key-race) :is([data-testid=stAlertContentSuccess], [data-testid=stAlertContentInfo]) p {
        display: none; }
    &:has(.st-key-race) [data-testid=stAlertContentWarning] p { font-size: 0; }
    &:has(.st-key-race) [data-testid=stAlertContentWarning] p strong { font-size: 1.5rem; }
    &:has(.st-key-race) :is(:has(> .stAlert), .stAlert) { flex: none; }
    &:has(.st-key-race) .stAlert > div { padding: .3rem 1rem; }
    &:has(.st-key-race) .stAlert h3 { font-size: 1.8rem !important; }
    &:has(.st-key-race) .stAlert :is([data-testid=stMarkdownContainer], p) { margin: 0; }
    &:has(.st-key-race) .st-key-to_leak { position: fixed; right: 1.5rem; bottom: 1.3rem; z-index: 1; }

    /* Compare: who has won, and how far each has come; cards where nothing was tested. */
    &:has(.st-key-outcome) .stMainBlockContainer > .stVerticalBlock > :not(:has(> .st-key-outcome)),
    &:has(.stVerticalBlock[class*=st-key-card_]) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(.stAlert, .st-key-outcome, .stVerticalBlock[class*=st-key-card_])),
    &:has(.stVerticalBlock[class*=st-key-card_]) .stMainBlockContainer > .stVerticalBlock >
        :has(.stVerticalBlock[class*=st-key-card_]) ~ *,
    .stVerticalBlock[class*=st-key-card_] > :not(:first-child, :nth-child(2)),
    .st-key-outcome .stAlert:has(h3) p { display: none; }
    .st-key-outcome { gap: .6rem; }
    .st-key-outcome > :has(.stAlert) { flex: none; }
    .st-key-outcome .stAlert > div { padding: .3rem 1rem; }
    .st-key-outcome .stAlert [data-testid=stMarkdownContainer] { margin: 0; }
    .st-key-outcome .stAlert h3 { font-size: 2.3rem !important; }
    :is(.st-key-outcome > :has(.standings), .st-key-outcome .stHtml) { display: flex; flex-direction: column;
        height: 100%; }
    .stHtml ol.standings { flex: 1; gap: .4rem; grid-auto-rows: 1fr; }
    .standings li { grid-template: auto 1fr / 1fr 8.5rem; }
    .standings p { font-size: 1.8rem; line-height: 1.15; font-weight: 600; }
    .standings small { font-size: 1.5rem; }
    .standings span { height: 100%; min-height: 1.2rem; max-height: 4.5rem; }
    .standings i::after { font-size: min(3rem, 8vh); }
    .standings b, .standings .is-winner b { font-size: 3rem; }
    .stHtml .standings-about { font-size: 1.5rem; line-height: 3rem; }
    .st-key-outcome .st-key-to_leak { position: fixed; right: 1.5rem; bottom: 1.3rem; width: auto;
        z-index: 1; }

    /* The leak: the figures fall. */
    &:has(.st-key-leak_drops) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(> [data-testid=stHeading], > .st-key-leak_drops)) { display: none; }
    .st-key-leak_drops .st-key-to_papers { position: fixed; right: 1.5rem; top: 1.3rem; width: auto; }
    :is(.st-key-leak_drops > :has(.drops), .st-key-leak_drops .stHtml) { display: flex;
        flex-direction: column; height: 100%; }
    .drops { flex: 1; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); }
    .drop { gap: .2rem .8rem; }
    .drop figcaption { font-size: 1.7rem; line-height: 1.2; }
    .drop :is(figcaption small, div > small, p) { font-size: 1.5rem; line-height: 1.25; }
    .drop > div { min-height: 0; }
    .drop > div > span { margin-top: 4.6rem; }
    .drop b { font-size: 3.8rem; }

    /* The papers: the sentence, and after it each paper with its bars. */
    &:has(.paper-sentence) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(.paper-sentence, [class*=st-key-paper_])),
    [class*=st-key-paper_] > :not(:has(.paper-bars)),
    [class*=st-key-paper_] [data-testid=stElementContainer]:has(> .stMarkdown):not(:has(h4)) {
        display: none; }
    .paper-sentence { align-content: center; height: var(--stage-height); font-size: 4rem; }
    .paper-sentence small { font-size: 1.5rem; }
    [class*=st-key-paper_] { justify-content: center; min-height: var(--stage-height); border: 0; }
    [class*=st-key-paper_] [data-testid=stHorizontalBlock] { flex-direction: column; align-items: stretch; }
    [class*=st-key-paper_] .stColumn { flex: none; width: 100%; }
    [class*=st-key-paper_] h4 { font-size: 2.2rem; }
    .paper-bars { grid-template-columns: max-content 1fr 7rem; font-size: 2rem; }
    .paper-bars i { height: 1.6rem; border-radius: .8rem; }
}
"""

GENERATE = """
:root:not(.presenting) :is(.st-key-next_genres, :has(> .st-key-next_genres)) { display: none; }
.presenting {
    /* The piece; before there is one, what the painter has made before. */
    &:has(.st-key-item, .st-key-waiting, .st-key-heard_before) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(h1, .st-key-item, .st-key-waiting, .st-key-heard_before)),
    &:has(.st-key-item) :is(h1, .st-key-prediction_bars),
    &:has(.st-key-item):has(.st-key-waiting) .st-key-item { display: none; }
    .st-key-item { border: 0; padding: 0; }
    .pieces { grid-template-columns: repeat(5, 1fr); gap: .75rem; }
    .piece-picture img { height: calc((var(--stage-height) - 17rem) / 2); }
    .piece-name { font-size: 1.5rem; }
    .st-key-actions button { padding: .15rem .8rem; }
    .st-key-spectrogram .ytick { display: none; }  /* a room reads no hertz */
    .st-key-hear_before { position: fixed; right: 1.5rem; top: 1.3rem; width: auto !important; }
    :is(.st-key-other_sound, .st-key-own_sound) { flex-direction: row; align-items: center; gap: .8rem;
        & > :has(.stMarkdown) { flex: none; width: max-content; white-space: nowrap; } }
}
"""

MOOD = """
:root:not(.presenting) .st-key-photo_songs { display: none; }
.presenting {
    /* First the camera, and the moods to choose from. */
    &:has(.st-key-mood) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(h1, .st-key-open_camera, .stCameraInput, .stAlert, h3, audio, [class*=_song_],
            [class*=st-key-icon_own_play_], [data-testid=stImage], .st-key-mood,
            .st-key-songs_origin)),
    &:has(.st-key-mood) [data-testid=stColumn]:not(:has(.st-key-open_camera, .stCameraInput, h3,
        [data-testid=stImage], .stAlert, iframe[title*=webrtc])), .st-key-mood_line { display: none; }
    .st-key-mood_now h3 { font-size: 3.4rem !important; }

    /* Live: the face, the word and the seven bars. */
    iframe[title*=webrtc] { zoom: calc(1 / var(--stage-zoom, 1)); }
    &:has(iframe[title*=webrtc]) .mood-bars { display: grid !important; line-height: 1.25; row-gap: .1rem; }
    &:has(iframe[title*=webrtc]) .st-key-mood { display: none; }
    &:has(.st-key-direction) [data-testid=stColumn]:has(iframe[title*=webrtc]) { flex: 0 0 24%;
        min-width: 0; }
    &:has(.st-key-direction):has(iframe[title*=webrtc]) :is(.mood-bars,
        .st-key-songs_songs > :nth-child(n + 3 of :has(> [class*=_song_]))) { display: none !important; }
    :is([data-testid=stLayoutWrapper], [data-testid=stVerticalBlock]):has(> .st-key-open_camera,
        > * > .st-key-open_camera) { border: 0; padding: 0; flex: none !important; height: auto !important;
        align-items: start; }
    .st-key-open_camera button :is(p, span) { font-size: 2rem !important; }
    .stCameraInput { width: calc((var(--stage-height) - 5rem) * 4 / 3); max-width: 100%; margin: 0 auto; }
    .stCameraInput button { min-height: 3rem; font-size: 1.6rem; }
    .st-key-mood, :is(.st-key-mood, .st-key-act) .stButtonGroup { width: 100%; }
    :is(.st-key-mood, .st-key-act) :has(> [role=radio]) { display: grid; width: 100%;
        grid-template-columns: repeat(4, 1fr); }
    :is(.st-key-mood, .st-key-act) [role=radio] { min-width: 0; min-height: 8rem; padding: 0; }
    :is(.st-key-mood, .st-key-act) [role=radio] [data-testid=stIconMaterial] { font-size: 4rem !important; }
    .st-key-mood [role=radio] { min-height: calc((var(--stage-height) - 13rem) / 2); }
    .st-key-mood [role=radio] [data-testid=stIconMaterial] { font-size: 5.5rem !important; }
    .st-key-mood [role=radio] p { font-size: 2rem !important; }

    /* Then the seven moods in a slim row, to go on with, one sentence, and the first songs. */
    &:has(.st-key-direction) :is(h1, .mood-bars, .st-key-mood [data-testid=stWidgetLabel],
        .st-key-mood_songs > :not(:has(h3, .st-key-show_face)), .song-facts,
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
    .st-key-another_picture { position: fixed; right: 1.5rem; top: 1.3rem; width: auto !important; }
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
        & .st-key-portrait_large h3 { font-size: 3.4rem !important; }
        & .st-key-portrait_large [data-testid=stImage] img { height: 22rem; }
        & .st-key-another_picture { top: auto; bottom: .6rem; }
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
        & [role=radio] { min-height: 5rem; }
        & :has(> [role=radio]) { grid-template-columns: repeat(auto-fit, minmax(6.3rem, 1fr)); }
        & [role=radio] p { font-size: 1.5rem !important; }
        & [data-has-shortcut] { gap: 0; }
        & [role=radio] [data-testid=stIconMaterial] { font-size: 2.3rem !important; }
    }
    &:has(.st-key-direction) .stMainBlockContainer > .stVerticalBlock { gap: .4rem; }
    &:has(.st-key-direction) h3 { font-size: 2.5rem !important; line-height: 1.1; }
    &:has(.st-key-mood) [data-testid=stImage] img { height: 8.5rem; object-fit: contain;
        object-position: left; }
    .song-picture { width: 6.2rem; }
    &:has(.st-key-direction) .song-name { font-size: 1.8rem; -webkit-line-clamp: 1; }
    .song-why { -webkit-line-clamp: 1; }
    .st-key-own_songs [data-testid=stHorizontalBlock] [data-testid=stCaptionContainer] {
        display: block !important; }
    :is(.st-key-own_music, .st-key-own_songs, .st-key-songs_songs) { border: 0; padding: 0; gap: .3rem; }
    .st-key-own_music .stMarkdown p { font-size: 2.4rem; }
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
    .st-key-act .stCameraInput { width: calc((var(--stage-height) - 18rem) * 4 / 3); }
}
"""

MUSIC = """
.presenting {
    /* What it is for, and the example to try. */
    [data-testid=stForm]:has(.st-key-library_folder)
        [data-testid=stElementContainer]:has(.stFormSubmitButton):not(.st-key-library_example),
    .st-key-library_map :is(.textpoint text, .hoverlayer),
    .st-key-library_to_come .stMarkdown { display: none; }
    [data-testid=stColumn]:has(.st-key-library_genre_counts) { flex: 1 1 100%; }
    .st-key-library_to_come { border: 0; padding: 0; }

    /* How much was read, and below it the map, the songs or the genres. */
    &:has(.st-key-library_map, .stage-songs, .st-key-library_genre_counts) :is(h1, .stAlert,
        .st-key-library_player audio, .st-key-library_player .stElementContainer:has(.stMarkdownBadge),
        :has(> .st-key-library_player) ~ *,
        [data-testid=stColumn]:has(.st-key-library_feeling_counts)) { display: none; }
    .st-key-library_player { border: 0; padding: 0; }
    .st-key-library_player .stVerticalBlock { flex-direction: row; align-items: baseline; gap: 1.2rem; }
    .st-key-library_player .stVerticalBlock > * { width: auto; }
    .st-key-library_player [data-testid=stCaptionContainer] p { font-size: 1.5rem; }
    &:has(.st-key-library_map) :is([data-testid=stElementContainer]:has(.map-legend, .stAlert),
        .st-key-library_player, :has(> .st-key-library_summary, > .st-key-library_map_mouse)),
    &:has(.walk) :has(> .st-key-library_map_about), .walk { display: none; }
    /* What plays has its name at its dot; the walk, or its end, comes next. */
    .stMainBlockContainer > .stVerticalBlock > :has(.st-key-library_walk) { order: 1; }
    .st-key-library_walk [data-testid=stElementContainer]:has(audio) { position: absolute; width: 1px;
        height: 1px; overflow: hidden; opacity: 0; }
    .st-key-library_walk button { padding: .2rem 1.2rem; }
    .map-light text { font-size: 21px; }
    .map-light .map-genre { font-size: 17px; }
    .st-key-library_player p strong { font-size: 2.2rem; }
    .st-key-library_player [data-testid=stCaptionContainer] { display: block !important;
        opacity: 1 !important; }
    .stage-songs { margin: 0; padding: 0; list-style: none; display: grid; gap: .45rem; font-size: 1.6rem;
        line-height: 1.2; }
    .stage-songs li { display: grid; grid-template-columns: 1fr 9rem 6rem; gap: 1rem; align-items: baseline;
        padding-left: .8rem; border-left: .55rem solid var(--genre); }
    .stage-songs span { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
    .stage-songs small { font-size: 1.5rem; opacity: .8; }
}
"""

GUESS = """
.presenting {
    &:has(.st-key-start_genre) .stMainBlockContainer > .stVerticalBlock { gap: .6rem; }
    .game-how { display: none; }
    .game-symbols { font-size: 4.5rem; margin: 0; }
    [class*=st-key-game_of_] { gap: .8rem; }
    :is(.st-key-start_genre, .st-key-start_real) button { padding: .7rem 1rem; }
    &:has(.st-key-score, .game-final) [data-testid=stHeading] h1, &:has(.st-key-show_answer) .stAudio {
        display: none; }
    :is(.st-key-score, .st-key-act) [data-testid=stMetric] > * { display: flex; gap: .6rem;
        align-items: baseline; }
    :is(.st-key-score, .st-key-act) [data-testid=stMetricValue] * { font-size: 2.2rem !important; }
    [class*=st-key-option_] button { min-height: 13rem; }
    [class*=st-key-option_] button p { font-size: 2.2rem !important; }
    .game-options { font-size: 2.2rem; }
    .stApp .stMainBlockContainer .stMarkdown h1 { font-size: 3.5rem !important; }
    &:has(.st-key-show_answer) .qr-code { max-width: 17rem; }
    [class*=st-key-hands_] label p { font-size: 2rem; font-weight: 700; }
    [class*=st-key-hands_] :is(input, [data-testid=stNumberInputContainer]) { height: 9rem;
        font-size: 4.5rem; }
    .stNumberInput button { width: 4.6rem; height: 100%; }
    .stNumberInput button svg { width: 2.6rem; height: 2.6rem; }
    .game-bars { font-size: 1.5rem; grid-template-columns: max-content 1fr 3.6rem; }
    .game-truth { font-size: 3rem; margin: 0; }
    &:has(.game-sides, .game-final) .stMainBlockContainer > .stVerticalBlock { gap: .4rem; }
    &:has(.game-sides) .game-bars { line-height: 1.15; }
    .game-side { padding: .3rem 1rem; }
    .game-side p, .game-side p small { font-size: 1.9rem; }
    .game-side p small { display: none; }
    .game-point { font-size: 1.9rem; }
    :is(.st-key-people_answer, .st-key-machine_bars, .st-key-machine_reasons) { padding: .5rem 1rem;
        gap: .3rem; }
    :is(.st-key-people_answer, .st-key-machine_bars) .game-bars { row-gap: .1rem; }
    .st-key-machine_bars > :has(.game-bars) ~ *, .st-key-machine_reasons > :nth-child(n+4) { display: none; }
    .st-key-machine_reasons p { display: -webkit-box; -webkit-box-orient: vertical;
        -webkit-line-clamp: 2; overflow: hidden; line-height: 1.2; }
    .st-key-score { min-height: 0; }
    .game-final p { font-size: 1.8rem; grid-template-columns: 12rem 9rem 1fr; }
    .game-final b { font-size: 6rem; }
    .game-final .game-mark { font-size: 2rem; }
    .st-key-highlight { border: 0; padding: 0; }
    .st-key-next button { padding: .3rem 1.5rem; }
}
"""
