"""Where shapes stand and lines run: columns by the longest way from the start, rows by branches."""

from collections import defaultdict
from typing import Final

from yunjin.chassis.flow.drawing.charts import Chart, Line, Shape, ShapeKind

GAP_X, GAP_Y, EDGE = 50, 44, 24  # between columns, between rows, around the whole
_TASK: Final = (120, 64)
_GATEWAY, _EVENT = 44, 32
_CAPTION: Final = 22  # below events and gateways, for their names
_SHORT, _BACK = 3, 1_000_000  # a way that soon ends; one that leads back
_STEP: Final = 8  # between lines that run side by side


def laid(chart: Chart) -> Chart:
    """Give every shape its place and every line its points; return the chart."""
    inner = [one for one in chart.shapes if one.kind is ShapeKind.GROUP]
    for group in sorted(inner, key=lambda one: -_depth(chart, one)):
        level = _Level(chart, group.id)
        group.width, group.height = level.place()
    level = _Level(chart, "")
    chart.width, chart.height = level.place()
    for group in sorted(inner, key=lambda one: _depth(chart, one)):
        _shift(chart, group)
    _place_edges(chart)
    _Routes(chart).run()
    return chart


def _depth(chart: Chart, shape: Shape) -> int:
    depth = 0
    while shape.within:
        shape, depth = chart.shape(shape.within), depth + 1
    return depth


def _shift(chart: Chart, group: Shape) -> None:
    """Move what is inside a group to where the group stands."""
    for one in chart.shapes:
        if one.within == group.id and one.kind is not ShapeKind.EDGE:
            one.x, one.y = one.x + group.x, one.y + group.y


class _Level:
    """The shapes of one level, placed from its own corner."""

    def __init__(self, chart: Chart, within: str) -> None:
        every = {one.id: one for one in chart.shapes if one.within == within}
        self._edges = {k: one for k, one in every.items() if one.kind is ShapeKind.EDGE}
        self._shapes = {k: one for k, one in every.items() if k not in self._edges}
        self._next: dict[str, list[str]] = {one: [] for one in self._shapes}
        by_edge = {line.target for line in chart.lines if line.source in self._edges}
        self._below = by_edge - {x.target for x in chart.lines if x.source not in self._edges}
        for line in sorted(chart.lines, key=lambda line: line.source in self._edges):
            source = self._edges[line.source].host if line.source in self._edges else line.source
            if source in self._shapes and line.target in self._shapes:
                self._next[source].append(line.target)

    def place(self) -> tuple[int, int]:
        """Place every shape; return width and height."""
        self._straighten(self._order())
        order = self._order()
        column = self._columns(order)
        row = self._rows(order, column)
        widths: dict[int, int] = defaultdict(int)
        heights: dict[int, int] = defaultdict(int)
        for one in self._shapes.values():
            if one.kind is not ShapeKind.GROUP:
                one.width, one.height = _size(one)
            widths[column[one.id]] = max(widths[column[one.id]], one.width)
            extra = 2 * _CAPTION if one.kind.is_event or one.kind.is_gateway else 0
            heights[row[one.id]] = max(heights[row[one.id]], one.height + extra)
        left, top = _sums(widths, GAP_X), _sums(heights, GAP_Y)
        for one in self._shapes.values():
            at, line = column[one.id], row[one.id]
            one.x = left[at] + (widths[at] - one.width) // 2
            one.y = top[line] + (heights[line] - one.height) // 2
        last_x, last_y = max(widths, default=0), max(heights, default=0)
        return left[last_x] + widths[last_x] + EDGE, top[last_y] + heights[last_y] + EDGE

    def _straighten(self, order: list[str]) -> None:
        """Put ways that soon end behind those that go on: the long way is the straight one."""
        place = {one: at for at, one in enumerate(order)}
        length = dict.fromkeys(order, 0)
        for one in order[::-1]:
            ways = [
                _BACK if place[target] <= place[one] else length[target] + 1
                for target in self._next[one]
            ]
            length[one] = max(ways, default=0)
        for targets in self._next.values():
            longest = max((length[one] for one in targets), default=0)
            targets.sort(key=lambda one: length[one] < _SHORT < longest)

    def _order(self) -> list[str]:
        """Return the shapes so that lines lead forward, but for those that lead back."""
        seen: set[str] = set()
        done: list[str] = []
        is_reached = {target for targets in self._next.values() for target in targets}
        first = sorted(self._shapes, key=lambda one: one in is_reached)
        for start in first:
            self._visit(start, seen, done)
        return done[::-1]

    def _visit(self, start: str, seen: set[str], done: list[str]) -> None:
        """Walk depth first, without recursion: a stranger's drawing may be long."""
        if start in seen:
            return
        seen.add(start)
        todo = [(start, iter(self._next[start][::-1]))]
        while todo:
            at, ways = todo[-1]
            following = next((one for one in ways if one not in seen), None)
            if following is None:
                done.append(at)
                todo.pop()
            else:
                seen.add(following)
                todo.append((following, iter(self._next[following][::-1])))

    def _columns(self, order: list[str]) -> dict[str, int]:
        place = {one: at for at, one in enumerate(order)}
        column = dict.fromkeys(order, 0)
        for one in order:
            for target in self._next[one]:
                if place[target] > place[one]:
                    column[target] = max(column[target], column[one] + 1)
        return column

    def _rows(self, order: list[str], column: dict[str, int]) -> dict[str, int]:
        place = {one: at for at, one in enumerate(order)}
        before: dict[str, list[str]] = {one: [] for one in order}
        for one, targets in self._next.items():
            for target in targets:
                if place[target] > place[one]:
                    before[target].append(one)
        row: dict[str, int] = {}
        taken: set[tuple[int, int]] = set()
        for one in order:
            wanted = min((row[each] for each in before[one]), default=0)
            near = [column[each] for each in before[one] if row[each] == wanted]
            came_from = max(near, default=column[one] - 1)
            wanted += one in self._below  # what only an event on an edge leads to
            span = range(came_from + 1, column[one] + 1)
            while any((at, wanted) in taken for at in span):
                wanted += 1
                span = range(came_from, column[one] + 1)  # the line goes down in its own column
            row[one] = wanted
            taken |= {(at, wanted) for at in span}
        return row


def _size(one: Shape) -> tuple[int, int]:
    if one.kind.is_gateway:
        return _GATEWAY, _GATEWAY
    return (_EVENT, _EVENT) if one.kind.is_event else _TASK


def _sums(sizes: dict[int, int], gap: int) -> dict[int, int]:
    found, at = {0: EDGE}, EDGE
    for number in range(max(sizes, default=0) + 1):
        found[number] = at
        at += sizes.get(number, 0) + gap
    return found


def _place_edges(chart: Chart) -> None:
    """Put events onto the lower edge of the shapes they hang on, from the right."""
    count: dict[str, int] = defaultdict(int)
    for one in chart.shapes:
        if one.kind is ShapeKind.EDGE:
            host = chart.shape(one.host)
            one.width, one.height = _EVENT, _EVENT
            one.x = host.x + host.width - _EVENT - 6 - count[host.id] * (_EVENT + 6)
            one.y = host.y + host.height - _EVENT // 2
            count[host.id] += 1


class _Routes:
    """Runs lines at right angles; one that leads back runs above, one that skips runs below."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._lanes: dict[tuple[str, int], int] = defaultdict(int)
        self._first: set[str] = set()

    def run(self) -> None:
        for line in self._chart.lines:
            line.points = self._points(line)
            bottom = max(y for _, y in line.points)
            self._chart.height = max(self._chart.height, bottom + EDGE)
        low = min((y for line in self._chart.lines for _, y in line.points), default=EDGE)
        if low < EDGE // 2:
            self._move_down(EDGE // 2 - low)

    def _move_down(self, by: int) -> None:
        for shape in self._chart.shapes:
            shape.y += by
        for line in self._chart.lines:
            line.points = [(x, y + by) for x, y in line.points]
        self._chart.height += by

    def _points(self, line: Line) -> list[tuple[int, int]]:
        source, target = self._chart.shape(line.source), self._chart.shape(line.target)
        sx, sy = source.x + source.width, source.y + source.height // 2
        tx, ty = target.x, target.y + target.height // 2
        middle_s, middle_t = source.x + source.width // 2, target.x + target.width // 2
        if source.kind is ShapeKind.EDGE:
            return self._down(source, ty, tx)
        if target.x <= source.x:
            top = min(source.y, target.y) - 14 - self._lane("above", min(source.y, target.y))
            return [(middle_s, source.y), (middle_s, top), (middle_t, top), (middle_t, target.y)]
        if sy == ty:
            if not self._is_between(source, target):
                return [(sx, sy), (tx, ty)]
            below = self._bottom(source, target) + 14
            below += self._lane("below", below)
            foot_s, foot_t = source.y + source.height, target.y + target.height
            return [(middle_s, foot_s), (middle_s, below), (middle_t, below), (middle_t, foot_t)]
        if source.kind.is_gateway and ty > sy:
            return self._down(source, ty, tx)
        turn = tx - GAP_X // 2
        return [(sx, sy), (turn, sy), (turn, ty), (tx, ty)]

    def _down(self, source: Shape, to_y: int, to_x: int) -> list[tuple[int, int]]:
        """Run down from a shape's foot, and beside what stands below it."""
        x, y = source.x + source.width // 2, source.y + source.height
        host = self._chart.shape(source.host) if source.host else source
        if to_y < y:
            beside = to_x - GAP_X // 2
            return [(x, y), (x, y + 10), (beside, y + 10), (beside, to_y), (to_x, to_y)]
        in_way = [
            one
            for one in self._chart.shapes
            if one.within == source.within
            and one.kind is not ShapeKind.EDGE
            and one.x < x < one.x + one.width
            and y < one.y < to_y
        ]
        if not in_way:
            return [(x, y), (x, to_y), (to_x, to_y)]
        beside = max(one.x + one.width for one in (host, *in_way)) + 12
        return [(x, y), (x, y + 8), (beside, y + 8), (beside, to_y), (to_x, to_y)]

    def _lane(self, side: str, at: int) -> int:
        taken = self._lanes[side, at]
        self._lanes[side, at] += 1
        return taken * _STEP

    def _is_between(self, source: Shape, target: Shape) -> bool:
        middle = source.y + source.height // 2
        return any(
            source.x < one.x < target.x and one.y < middle < one.y + one.height
            for one in self._chart.shapes
            if one.within == source.within and one.kind is not ShapeKind.EDGE
        )

    def _bottom(self, source: Shape, target: Shape) -> int:
        middle = source.y + source.height // 2
        return max(
            one.y + one.height
            for one in self._chart.shapes
            if source.x <= one.x <= target.x and one.y < middle < one.y + one.height
        )
