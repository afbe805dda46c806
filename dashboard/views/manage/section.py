"""What every section of the manage pages starts from: the fleets that the user manages."""

from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F, Model, QuerySet
from django.db.models.expressions import OrderBy
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from dashboard.access import Request, fleets_where, may
from tracking.models import Fleet, Role

ROWS_A_PAGE = 50
TABLES = ("vehicles", "drivers", "devices")
M = TypeVar("M", bound=Model)


def managed(request: Request) -> QuerySet[Fleet]:
    """The fleets that the user manages; PermissionDenied when there is none. Superusers may have none yet."""
    fleets = Fleet.objects.filter(pk__in=fleets_where(request.user, Role.MANAGER))
    if not request.user.is_superuser and not fleets:
        raise PermissionDenied(_("Only the managers of a fleet manage it."))
    return fleets


def one(request: Request, rows: QuerySet[M], pk: int, *, fleet: str = "fleet") -> M:
    """A row of a fleet that the user manages; Http404 when not theirs to see, PermissionDenied to change.

    `fleet` leads from the row to its fleet, as a lookup does.
    """
    seen = Fleet.objects.visible_to(request.user)
    found = get_object_or_404(rows.filter(**{f"{fleet}__in": seen}), pk=pk)
    owner: Any = found
    for name in fleet.split("__"):
        owner = getattr(owner, name)
    if not may(request.user, owner, Role.MANAGER):
        raise PermissionDenied(_("Only the managers of %(fleet)s may do this.") % {"fleet": owner})
    return found


def show(request: Request, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """The page `manage/<name>.html`; of a table, to htmx, only its rows: `manage/_<name>.html`."""
    rows = request.htmx and name in TABLES
    template = f"dashboard/manage/{'_' if rows else ''}{name}.html"
    return render(request, template, context, status=status)


def ordering(sort: str, columns: dict[str, str], default: str) -> tuple[str, list[OrderBy]]:
    """What the table is sorted by and the same for the database; `-name` is downward, unknown is `default`.

    Empty values come last in both directions.
    """
    sort = sort if sort.removeprefix("-") in columns else default
    column = F(columns[sort.removeprefix("-")])
    down = sort.startswith("-")
    first = column.desc(nulls_last=True) if down else column.asc(nulls_last=True)
    return sort, [first, F("pk").asc()]


def paged(request: Request, rows: QuerySet[M]) -> Any:
    """The page of the table that `page` names; the nearest one when there is no such page."""
    return Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
