"""The seven steps of the story, what was told of each, and what the walls were like before the last of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from node.demo.councils import DemoCouncil
from node.demo.start import deciding, drilling, eyes, lending, outage, promising
from node.demo.start.scene import Outcome, Scene
from node.demo.start.walls import Seen, Wall, Walls, marked, seen_on


@dataclass(frozen=True, slots=True)
class Deed:
    """One button: the word in its address, the words on it, and what it does in the main thread."""

    name: str
    label: str
    do: Callable[[Scene], Outcome]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story as it stands on the page."""

    number: int
    title: str
    text: str
    deeds: tuple[Deed, ...]


STEPS = (
    Step(
        1,
        "A neighbour asks for fans",
        "At the table by the mill, in her own words, without an account: a number, a secret phrase, a slip. "
        "Only Riverside and the nearby councils are to see it.",
        (Deed("ask", "Put the need up", lending.ask_for_fans),),
    ),
    Step(
        2,
        "Who has some?",
        "Riverside asks its own server, which keeps checked copies of what others told it.",
        (Deed("look", "Look around us", lending.look_around),),
    ),
    Step(
        3,
        "Harbour promises six of its ten",
        "Riverside would like six, and then the rest. Harbour agrees to the six and says “not this time” to the rest; "
        "nothing is held against it.",
        (Deed("lend", "Six, and not the rest", promising.promise_six),),
    ),
    Step(
        4,
        "The same need in three pairs of eyes",
        "A neighbour, a nearby council, a passer-by: what does each get?",
        (Deed("eyes", "Open it as all three", eyes.open_it_as_all_three),),
    ),
    Step(
        5,
        "Harbour goes dark",
        "Its server really stops. Riverside must notice by itself: that takes some seconds.",
        (Deed("off", "Switch it off", outage.switch_off), Deed("on", "And on again", outage.switch_on)),
    ),
    Step(
        6,
        "The hall stays open at night",
        "Riverside asks the other two; each answers with its own gathering, and each server counts. Then somebody twists one word.",
        (
            Deed("decide", "Ask the other two", deciding.put_to_all),
            Deed("answers", "Both answer", deciding.both_answer),
            Deed("twist", "Twist one word", deciding.change_one_word),
        ),
    ),
    Step(
        7,
        "A drill",
        "Called, heard by all, answered, and over again. Nothing has happened.",
        (
            Deed("drill", "Call the drill", drilling.call_a_drill),
            Deed("come", "We come", drilling.both_answer),
            Deed("over", "It is over", drilling.say_that_it_is_over),
        ),
    ),
)
DEEDS = {deed.name: deed for step in STEPS for deed in step.deeds}
STEP_OF = {deed.name: step for step in STEPS for deed in step.deeds}


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a button that was pressed. `good` is False where the step did not see what it should."""

    title: str
    outcome: Outcome
    at: datetime
    seconds: float
    good: bool


@dataclass
class Story:
    """Changed by the main thread, read by the page's."""

    scene: Scene
    walls: Walls
    last: Told | None = None
    done: frozenset[str] = frozenset()
    before: Seen | None = field(default=None, repr=False)

    @classmethod
    def begin(cls, scene: Scene) -> "Story":
        """Signs a neighbour in at each council. Raises NotSeen."""
        for one in scene.region.councils:
            scene.neighbour(one)
        return cls(scene, Walls(scene))

    def do(self, name: str) -> None:
        """Do what a button says. Whatever goes wrong in it is told on the page and ends nothing."""
        deed, at, began = DEEDS[name], self.scene.now(), time.monotonic()
        before = seen_on(self.walls.read(), self.before)
        good = True
        try:
            outcome = deed.do(self.scene)
        except Exception as error:  # whatever a step stumbles over is to be read on the page, and the others still work
            good, outcome = False, Outcome(f"That did not work out: {error or type(error).__name__}.", changed=False)
        self.before = before
        step = STEP_OF[name]
        self.last = Told(f"{step.number}. {step.title}", outcome, at, time.monotonic() - began, good)
        if good:
            self.done |= {name}

    def next_deed(self) -> str:
        """The button to press next: the first that was not pressed yet, or nothing."""
        return next((name for name in DEEDS if name not in self.done), "")

    def read_walls(self) -> tuple[Wall, ...]:
        """The walls as they are, with what the last button changed marked."""
        return marked(self.walls.read(), self.before)

    def sign_in_link(self, at: DemoCouncil) -> str | None:
        """A fresh address that signs in once whoever has this council's server turn; None, and said so, while it is off."""
        if not self.scene.is_off(at):
            return at.sign_in_link(keeper=True)
        line = f"{at.name}'s server is switched off, so nobody can sign in there. Switch it on first (step 5)."
        self.last = Told("Signing in", Outcome(line, changed=False), self.scene.now(), 0.0, True)
        return None
