"""Attention patching: a transformer that attends where a frozen twin does (paper, section 3, appendix D)."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from pipeline.config import run as cfg
from pipeline.model.packing import Packing
from pipeline.model.transformer import Transformer


class PatchedTransformer(Transformer):
    """In all layers and heads, attention patterns are those of a twin with the weights `reference`.

    The twin reads the same tokens, feeds its own states on and gets no gradient; nor do this model's queries
    and keys. Weights and parameters are those of this model alone.
    """

    def __init__(self, model: cfg.Model, vocabulary: int, context: int, reference: dict[str, Tensor]) -> None:
        super().__init__(model, vocabulary, context)
        twin = Transformer(model, vocabulary, context)
        twin.load_state_dict(reference)
        # In a list, so that it is no submodule: it is neither trained nor saved.
        self._twin = [twin.requires_grad_(False)]

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> "PatchedTransformer":
        """What moves a module to a device: the twin goes along."""
        self._twin[0]._apply(fn, recurse)
        return super()._apply(fn, recurse)

    def hidden(self, tokens: Tensor, packing: Packing | None = None, rows: Tensor | None = None) -> Tensor:
        patterns = self._twin[0].patterns(tokens, packing)
        return self._through(*self._embed(tokens, packing), patterns, packing, rows)
