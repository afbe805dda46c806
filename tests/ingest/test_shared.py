"""Pages are told when a driver stops sharing and starts again, however soon one comes after the other."""

from asgiref.sync import sync_to_async
from django.utils.timezone import now


async def test_pages_hear_at_once_that_a_driver_stopped_and_shares_again(house, watch) -> None:
    from tracking import drive

    page, snapshot = await watch(house.bob, ["north"])
    assert snapshot["vehicles"][0]["sharing_stopped"] is None
    for stopped in (now(), None, now()):
        await sync_to_async(drive.sharing)(house.device.pk, stopped=stopped)
        said = await page.hears("vehicle", within=4)
        assert (said["sharing_stopped"] is None) == (stopped is None)
