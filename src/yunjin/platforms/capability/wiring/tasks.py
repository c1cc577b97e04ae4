"""How the task centre is put together."""

from typing import Final

from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.tasks import TASKS, TasksApi
from yunjin.platforms.capability.wiring.making import Making

CENTRES: Final[tuple[Centre, ...]] = (TASKS,)


def add(made: Making) -> None:
    """Add the centre."""
    from yunjin.platforms.capability.flows import task_due
    from yunjin.platforms.capability.service.bank_tasks import BankTasks
    from yunjin.platforms.capability.service.tasks import TaskService

    ground = made.ground
    tasks = made.doors[TasksApi] = TaskService(
        ground.room, made.flows, bank=BankTasks(ground.agreements), cursor_key=ground.key
    )
    made.definitions.append(task_due(tasks))

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes.tasks import router

        return [router(way(TasksApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages import task
        from yunjin.platforms.capability.pages import tasks as all_tasks

        all_tasks.register(way(TasksApi))
        task.register(way(TasksApi), ground.clock)

    made.routers.append(routers)
    made.pages.append(pages)
