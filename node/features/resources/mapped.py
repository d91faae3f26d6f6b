"""Where the needs and offers of the region are, for maps: the middles of their cells out of the index, and nothing finer."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from federation.tables import Replica, table_of
from node.feature import Slip
from node.features.resources.tables import Availability
from node.web.exports.listed import object_address
from node.web.exports.points import POINT

_INDEX, _REPLICAS = table_of(Availability), table_of(Replica)


def with_points(connection: Connection, slips: Sequence[Slip], *, base_url: str) -> list[Slip]:
    """The same slips (a page of them, 200 at most), each with its latitude and longitude in WGS 84 degrees where it has a place."""
    addresses = [object_address(slip.href, base_url=base_url) for slip in slips]
    found = connection.execute(
        select(_REPLICAS.c.object_id, _INDEX.c.latitude, _INDEX.c.longitude)
        .join(_INDEX, _INDEX.c.replica_id == _REPLICAS.c.id)
        .where(_REPLICAS.c.object_id.in_(addresses), _INDEX.c.latitude.is_not(None))
    )
    points = {object_id: (latitude, longitude) for object_id, latitude, longitude in found}
    return [
        replace(slip, details={**slip.details, POINT: points.get(address)})
        for slip, address in zip(slips, addresses, strict=True)
    ]
