"""A stand-in for Ray in one process, whose actors and nodes die at random: for the logic around it."""

import random
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from genre.cluster.connection import own_versions


class DeadlyItem(BaseException):
    """What an item raises that ends the process that reads it."""


class RayError(Exception):
    pass


class RayActorError(RayError):
    actor_init_failed = False  # its node went away


class RayTaskError(RayError):
    pass


class ObjectLostError(RayError):
    pass


class PretendedRay:
    """Nodes of one core each. At each wait, one node in `one_node_in` goes away, and another one comes."""

    exceptions = SimpleNamespace(
        RayError=RayError,
        RayActorError=RayActorError,
        RayTaskError=RayTaskError,
        ObjectLostError=ObjectLostError,
    )

    def __init__(self, seed: int, n_nodes: int, one_node_in: int) -> None:
        self.random = random.Random(seed)
        self.one_node_in = one_node_in
        self.alive: dict[str, bool] = {f"node-{number}": True for number in range(n_nodes)}
        self.actors: list[PretendedActor] = []
        self.n_deaths = 0

    def remote(self, kind: type) -> Any:
        """A class whose instances are actors."""
        return SimpleNamespace(
            options=lambda **options: SimpleNamespace(remote=lambda load: self._start(kind, load))
        )

    def _start(self, kind: type, load: Callable) -> "PretendedActor":
        taken = {actor.node for actor in self.actors if not actor.dead}
        free = [node for node, alive in self.alive.items() if alive and node not in taken]
        actor = PretendedActor(free[0] if free else "nowhere", kind(load))
        self.actors.append(actor)
        return actor

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": float(sum(self.alive.values()))}

    def nodes(self) -> list[dict]:
        return [{"NodeID": node, "Alive": alive} for node, alive in self.alive.items()]

    def kill(self, actor: "PretendedActor") -> None:
        actor.dead = True

    def _lose_a_node(self) -> None:
        living = [node for node, alive in self.alive.items() if alive]
        node = self.random.choice(living)
        self.alive[node] = False
        self.alive[f"node-{len(self.alive)}"] = True
        for actor in self.actors:
            actor.dead |= actor.node == node
        self.n_deaths += 1

    def wait(self, refs: list, num_returns: int, timeout: float) -> tuple[list, list]:
        """Let some actors work -> the references that are done."""
        if self.one_node_in and self.random.randrange(self.one_node_in) == 0:
            self._lose_a_node()
        actors = [
            actor
            for actor in dict.fromkeys(ref.actor for ref in refs)
            if not actor.dead and actor.node != "nowhere"
        ]
        self.random.shuffle(actors)
        for actor in actors[: 1 + len(actors) // 2]:
            actor.work()
        done = [ref for ref in refs if ref.done or ref.actor.dead]
        return done, [ref for ref in refs if ref not in done]

    def get(self, ref: "Ref") -> Any:
        if not ref.done:
            raise RayActorError("The actor died.")
        if ref.actor.dead and self.random.random() < 0.5:
            raise ObjectLostError("The result lay on a node that died.")
        return ref.value


class Ref:
    """The result of a call, when it is done."""

    def __init__(self, actor: "PretendedActor", call: Callable[[], Any]) -> None:
        self.actor, self.call, self.done, self.value = actor, call, False, None


class PretendedActor:
    """An actor that works on its calls in their order, and has its node."""

    def __init__(self, node: str, instance: Any) -> None:
        self.node, self.dead = node, False
        self._calls: deque[Ref] = deque()
        about = {"node": node, "versions": own_versions()}
        self.describe = SimpleNamespace(remote=lambda: self._call(lambda: about))
        self.read = SimpleNamespace(remote=lambda items: self._call(lambda: instance.read(items)))

    def _call(self, call: Callable[[], Any]) -> Ref:
        self._calls.append(Ref(self, call))
        return self._calls[-1]

    def work(self) -> None:
        """Do the next call; a deadly item ends the actor."""
        if self._calls:
            ref = self._calls.popleft()
            try:
                ref.value, ref.done = ref.call(), True
            except DeadlyItem:
                self.dead = True
