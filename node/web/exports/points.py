"""A list as GeoJSON (RFC 7946): where things are, as coarsely as places are told anywhere. What has no place has no geometry.

It must never hold a point that is not the middle of a cell; whoever hands over the slips answers for that.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final

import orjson

from node.web.exports.listed import Addressed
from node.web.templating import seen_only

POINT: Final = "point"
_DECIMALS: Final = 4  # ten metres, of a middle that stands for more than a kilometre


def collection(slips: Iterable[Addressed], *, columns: tuple[str, ...]) -> bytes:
    """A FeatureCollection with one Feature for each slip, its `id` the address of the record; times in UTC (RFC 3339)."""
    features = [
        {
            "type": "Feature",
            "id": one.address,
            "geometry": _geometry(one.details.get(POINT)),
            "properties": {
                "kind": one.slip.kind,
                "title": _plain(one.slip.title),
                "words": _plain(one.slip.words),
                "about": _plain(" · ".join(one.about)),
                "from": _plain(one.slip.source),
                "page": one.page,
                "language": one.slip.language,
                "updated": _plain(one.slip.updated),
                "ends_at": _plain(one.slip.ends_at),
                **{name: _plain(one.details.get(name)) for name in columns},
            },
        }
        for one in slips
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _geometry(point: object) -> dict[str, Any] | None:
    """Longitude comes first in GeoJSON."""
    if not isinstance(point, tuple):
        return None
    latitude, longitude = point
    return {"type": "Point", "coordinates": [round(longitude, _DECIMALS), round(latitude, _DECIMALS)]}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, date):
        return value.isoformat()
    return str(seen_only(str(value))) if isinstance(value, str) else value
