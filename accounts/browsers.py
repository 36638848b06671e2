"""Which browser sent a request, by the name a person knows it by: what it says of itself is long and tells little."""

from django.http import HttpRequest

#: A word in what the browser says of itself -> its name.  The first that is found counts: most claim to be others too.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "FxiOS": "Firefox",
    "Firefox": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Macintosh": "Mac",
    "Linux": "Linux",
}


def browser_of(request: HttpRequest) -> tuple[str, str]:
    """Return the names of browser and system, "" for what we do not know; nothing of what was sent is in them."""
    said = request.headers.get("User-Agent", "")
    return _first(BROWSERS, said), _first(SYSTEMS, said)


def _first(names: dict[str, str], said: str) -> str:
    return next((name for word, name in names.items() if word in said), "")
