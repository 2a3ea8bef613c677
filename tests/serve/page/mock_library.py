"""The photo library of mock_server.py: any number of photos that are made up as they are asked for."""

import datetime
import pathlib
import time
import urllib.parse
from collections.abc import Sequence

PHOTOS = pathlib.Path(__file__).resolve().parents[3] / "src" / "serve" / "page" / "examples"
FILES = sorted(PHOTOS.glob("*.jpg"))
PREFIX = "/blip/v1/library"
NEWEST = datetime.datetime(2024, 6, 1, 12, 0)
FOUND = 1000  # photos of a search, as the real server has it


def moment(behaviour, number: int) -> datetime.datetime:
    if number >= behaviour.library:
        return NEWEST + datetime.timedelta(hours=1 + number - behaviour.library)
    return NEWEST - datetime.timedelta(hours=3 * number)


def listed(behaviour, number: int) -> dict:
    """The photo that was in this place at first; its id is one more. Those that came since have higher numbers."""
    text = behaviour.library_text
    by_hand = behaviour.captions.get(number + 1)
    return {"id": number + 1, "name": text or f"photo-{number}.jpg", "width": 640, "height": 480,
            "date": moment(behaviour, number).isoformat(),
            "version": f"{number:016x}", "caption": by_hand or text or f"photo number {number}"}


def details(behaviour, number: int) -> dict:
    photo = listed(behaviour, number)
    by_hand = number + 1 in behaviour.captions
    text = behaviour.library_text
    captions = [{"caption": text or f"photo number {number}", "by": "nano-captioning"}]
    if by_hand:
        captions.insert(0, {"caption": photo["caption"], "by": "by hand"})
    return photo | {"path": f"/photos/{photo['name']}", "size": 213_271, "camera": text or "Canon EOS 80D",
                    "latitude": 48.86, "longitude": 2.35, "by_hand": by_hand, "captions": captions,
                    "tags": [text] if text else ["beach", "dog"]}


def numbers_of(behaviour, query: dict) -> Sequence[int]:
    """Which photos a query finds: none with "nothing", each tenth with any other search or filter."""
    if query.get("q") == "nothing" or behaviour.library_is_empty:
        return range(0)
    if "like" in query:
        return range(1, min(FOUND, behaviour.library), 2)
    if query.keys() - {"offset", "limit"}:
        return range(0, min(10 * FOUND, behaviour.library), 10)
    new = range(behaviour.library, behaviour.library + behaviour.library_new)
    return [*reversed(new), *range(behaviour.library)] if new else range(behaviour.library)


def answer_get(handler, behaviour, target: str) -> None:
    address = urllib.parse.urlsplit(target)
    query = dict(urllib.parse.parse_qsl(address.query))
    parts = address.path.removeprefix(PREFIX).strip("/").split("/")
    with behaviour.lock:
        behaviour.requests.append({"path": address.path, "fields": query})
        failing = behaviour.fail if behaviour.times > 0 and parts == ["photos"] else None
        if failing:
            behaviour.times -= 1
    try:
        if failing:
            return handler.error(failing["status"], failing["code"], failing["message"])
        if parts == [""]:
            return handler.json(200, {
                "photos": behaviour.library, "model": "nano-retrieval", "oldest": None, "newest": None,
                "has_captions": True,
                "tags": [{"tag": behaviour.library_text or tag, "photos": 10} for tag in ["dog", "beach"]],
                "cameras": [{"camera": behaviour.library_text or "Canon EOS 80D", "photos": 10}]})
        if parts == ["photos"]:
            time.sleep(behaviour.library_delays.get(query.get("q", ""), 0))
            found = numbers_of(behaviour, query)
            offset, limit = int(query.get("offset", 0)), int(query.get("limit", 50))
            return handler.json(200, {
                "total": len(found), "offset": offset, "version": f"{len(found)}-{query.get('q', '')}",
                "photos": [listed(behaviour, number) for number in found[offset:offset + limit]]})
        number = int(parts[1]) - 1
        if not 0 <= number < behaviour.library + behaviour.library_new:
            return handler.error(404, "not_found", "the library has no photo of this id")
        if len(parts) == 2:
            return handler.json(200, details(behaviour, number))
        return handler.reply(200, FILES[number % len(FILES)].read_bytes(), "image/jpeg",
                             {"Cache-Control": "private, max-age=3600"})
    except (BrokenPipeError, ConnectionResetError):
        handler.close_connection = True  # the page has scrolled on
    return None


def answer_put(handler, behaviour, target: str, body: dict) -> None:
    number = int(target.removeprefix(PREFIX).split("/")[2]) - 1
    with behaviour.lock:
        behaviour.requests.append({"path": target, "fields": body})
        text = body["caption"].strip()
        if text:
            behaviour.captions[number + 1] = text
        else:
            behaviour.captions.pop(number + 1, None)
    handler.json(200, details(behaviour, number))
