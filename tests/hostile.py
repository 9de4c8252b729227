"""File names that would break a page, a table or a spreadsheet that trusted them."""

NAMES = (
    "=HYPERLINK(\"http://evil.example\",\"win\").mp3",
    "+1+1.wav", "-2+3.wav", "@SUM(A1).wav", "\t=1.wav",
    "<img src=x onerror=alert(1)>.mp3", "<script>alert(1)</script>.wav",
    "**bold** [link](http://evil.example).mp3", "# heading.wav", ":material/delete: :red[x].wav",
    "$\\frac{1}{2}$.ogg", "a\nb\r\nc.wav", "quote\"'`;.wav", "../../etc/passwd",
    "..\\..\\boot.ini",
    "\u202egpj.3pm", "\U0001f3b7 s\u00e4x.flac", "\ud800lone.wav", "x" * 500 + ".wav", "",
    "a,b;c.wav",
)  # fmt: skip
