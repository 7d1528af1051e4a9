"""What people want of a run while it goes on: orders in its folder, and the token that signals set."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from training.checkpoint import TrainingState
from training.contract.errors import P2PError
from training.contract.progress import Cancelled, Report, Token
from training.contract.protocol import Answered, Event, Order, OrderName, take_orders
from training.world import World

PAUSE_POLL_SECONDS = 0.2
GO_ON, WAIT, STOP = range(3)  # what a process would like; the greatest wish counts

Made = tuple[str, str]
"""A file that an order made, relative to the run, and a sentence."""


class Orders:
    """Takes a run's orders and answers them. The first process alone is given any; each may be asked to end by a signal."""

    def __init__(
        self,
        run: Path,
        state: TrainingState,
        token: Token,
        world: World,
        report: Report[Event],
        makes: Mapping[OrderName, Callable[[], Made]],
    ) -> None:
        """`makes`: what is done for the orders that make a file."""
        self.run, self.state, self.token, self.world = run, state, token, world
        self.report, self.makes = report, makes

    def are_to_stop(self, save: Callable[[], object]) -> bool:
        """Follow what was ordered since the last step, in all processes; whether the run is to stop. A paused run is saved."""
        while True:
            wish = self.world.greatest(self._wish())
            if wish != WAIT:
                return wish == STOP
            save()
            time.sleep(PAUSE_POLL_SECONDS)

    def check(self) -> None:
        """The same in the middle of work, in the first process. Raises Cancelled if that is to be left."""
        if self._wish() != GO_ON:
            raise Cancelled

    def _wish(self) -> int:
        if self.world.is_first:
            for order in take_orders(self.run):
                self._answer(order)
        return STOP if self.token.cancelled else WAIT if self.token.paused else GO_ON

    def _answer(self, order: Order) -> None:
        try:
            file, message = self._follow(order.name)
        except (OSError, P2PError) as error:  # a picture or a copy less is no reason to end the run
            self.report(Answered(order.name, order.id, False, None, f"The order {order.name} failed: {error}"))
        else:
            self.report(Answered(order.name, order.id, True, file, message))

    def _follow(self, name: OrderName) -> tuple[str | None, str]:
        """Do it; give the file it made, relative to the run, and a sentence."""
        step = self.state.step
        match name:
            case "stop":
                self.token.cancel()
                return None, f"Stopping after step {step}."
            case "pause":
                self.token.pause()
                return None, f"Paused after step {step}."
            case "resume":
                self.token.resume()
                return None, f"Going on after step {step}."
        return self.makes[name]()
