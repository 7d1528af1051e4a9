"""The chosen model at work: what a conversion asks the engine for, how a preview loads it, how fast it was here."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from p2p_desktop.paths import UserPaths
from p2p_desktop.ui import model_words
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.remembered import Remembered
from p2p_desktop.ui.settings_box import SettingsBox
from p2p_desktop.ui.wishes import Wishes
from p2p_desktop.workers.measure_run import MeasureRun
from p2p_desktop.workers.preparing import convert_in_child
from p2p_desktop.workers.preview_session import Load
from training.contract.errors import ModelError
from training.contract.progress import Token

if TYPE_CHECKING:  # these import OpenCV; the first paint must not wait for it
    from p2p_desktop.convert.request import Part, Places, Request
    from p2p_desktop.convert.unfinished import UnfinishedJobs
    from p2p_desktop.inference.translator import Translator
    from p2p_desktop.models.library import Model


class WorkingModel(QObject):
    def __init__(
        self, shelf: ModelShelf, settings: SettingsBox, paths: UserPaths, remembered: Remembered, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._shelf, self._settings, self._paths, self._remembered = shelf, settings, paths, remembered
        self._device, self._runtime = "auto", "auto"
        self._loads: dict[tuple[object, ...], Load] = {}

    def compute_on(self, device: str, runtime: str) -> None:
        """What "automatic" means on this computer, once that is known."""
        self._device, self._runtime = device, runtime

    def model(self, wishes: Wishes) -> "Model | None":
        model = self._shelf.find(wishes.model)
        return model if model is not None and model.card is not None else None

    def result_word(self, wishes: Wishes) -> str:
        model = self.model(wishes)
        return model_words.result_word(model) if model is not None else wishes.model

    def request(self, wishes: Wishes, parts: "tuple[Part, ...]", only: frozenset[Path] | None) -> "Request":
        """Put together what the panel and the settings say. ModelError if the model is gone."""
        from p2p_desktop.convert.request import Request

        model = self.model(wishes)
        if model is None:
            raise ModelError(self.tr("There is no model {name} any more. Choose another one.").format(name=wishes.model))
        device, runtime = self._compute(wishes)
        return Request(
            parts=parts,
            model=model.path,
            settings=wishes.settings(),
            device=device,
            runtime=runtime,  # type: ignore[arg-type]  # one of RuntimeChoice
            statistics=wishes.statistics,  # type: ignore[arg-type]  # one of StatisticsChoice
            threads=self._settings.value.threads,
            only=only,
        )

    def places(self) -> "Places":
        """Called in a worker thread."""
        from p2p_desktop.convert.request import Places
        from p2p_desktop.inference.translator import default_memory_budget

        budget = self._settings.value.memory_budget or default_memory_budget()
        return Places(self._paths.journal, self._paths.cache, budget)

    def jobs(self) -> "UnfinishedJobs":
        """Called in a worker thread."""
        from p2p_desktop.convert.unfinished import UnfinishedJobs

        return UnfinishedJobs(self._paths.unfinished)

    def measuring(self, parent: QObject) -> MeasureRun:
        """What measures a model, on the device of the settings."""
        return MeasureRun(self._paths.measured, self._settings.value.device, parent)

    def load(self, wishes: Wishes) -> Load | None:
        """Return what loads the model for a preview; the same for the same wishes. None while there is no model."""
        model = self.model(wishes)
        if model is None:
            return None
        device, runtime = self._compute(wishes)
        key = (model.path, device, runtime, wishes.statistics, self._settings.value.threads)
        if key not in self._loads:
            self._loads[key] = self._loader(model.path, device, runtime, wishes.statistics)
        return self._loads[key]

    def load_live(self, name: str) -> Load | None:
        """Return what loads a model for the frames of a camera; None while there is no such model."""
        wishes = Wishes(model=name, device=self._settings.value.device)
        model = self.model(wishes)
        return None if model is None else self._loader(model.path, *self._compute(wishes), "auto", follows=True)

    def load_file(self, path: Path) -> Load:
        """Return what loads a model file that is in no library, as one that a run has just saved."""
        device, runtime = self._compute(Wishes())
        return self._loader(path, device, runtime, "auto")

    def speed(self, wishes: Wishes) -> float | None:
        """Megapixels a second, as measured here before; None if never."""
        return self._remembered.number("megapixels_a_second", self._speed_key(wishes))

    def note_speed(self, wishes: Wishes, megapixels_a_second: float) -> None:
        self._remembered.keep_number(megapixels_a_second, "megapixels_a_second", self._speed_key(wishes))

    def _speed_key(self, wishes: Wishes) -> str:
        return " ".join((wishes.model, *self._compute(wishes), str(self._settings.value.threads)))

    def _compute(self, wishes: Wishes) -> tuple[str, str]:
        if wishes.device != "auto":
            return wishes.device, self._settings.value.runtime
        if self._settings.value.runtime != "auto":
            return self._settings.value.device, self._settings.value.runtime
        return self._device, self._runtime

    def _loader(self, path: Path, device: str, runtime: str, statistics: str, *, follows: bool = False) -> Load:
        def load(token: Token) -> "Translator":
            """Called in a worker thread."""
            from p2p_desktop.inference.device import choose_compute, runtime_choice
            from p2p_desktop.inference.translator import Translator, resolve_statistics, statistics_choice
            from p2p_desktop.live.frame_translator import check_takes_frames
            from training.contract.model_file import read_card

            card = read_card(path)
            if follows:
                check_takes_frames(card)  # before it is made ready, which takes seconds
            chosen = resolve_statistics(card, statistics_choice(statistics))
            places = self.places()
            if choose_compute(device, runtime_choice(runtime)).runtime == "openvino":
                convert_in_child(path, chosen, places.cache, token)
            return Translator.load(
                path,
                device=device,
                runtime=runtime_choice(runtime),
                statistics=chosen,
                memory_budget=places.memory_budget,
                cache=places.cache,
                threads=self._settings.value.threads,
                follows=follows,
            )

        return load
