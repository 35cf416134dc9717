"""Near-duplicates: the same matter posted again, on this board or another, found by the cosine of the words' TF-IDF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from classifier.features import prepared
from classifier.model import Model
from data.records import Post

ALIKE = 0.7  # cosine from which two posts are shown as one matter
MOST = 5


class Duplicates:
    """Recent posts, ready to be compared with new ones; who keeps which are recent is the caller's business."""

    def __init__(self, model: Model, recent: Sequence[Post]) -> None:
        self._model = model
        self._keys = [p.key for p in recent]
        self._rows = self._matrix(recent)

    def like(self, posts: Sequence[Post], alike: float = ALIKE) -> list[list[tuple[str, float]]]:
        """For each post the keys of recent ones like it with their cosine, most alike first, at most MOST, never itself."""
        near = (self._matrix(posts) @ self._rows.T).tocsr()
        found = []
        for i, post in enumerate(posts):
            part = slice(near.indptr[i], near.indptr[i + 1])
            pairs = zip(near.indices[part], near.data[part], strict=True)
            close = [(self._keys[j], round(float(c), 3)) for j, c in pairs if c >= alike and self._keys[j] != post.key]
            found.append(sorted(close, key=lambda k: (-k[1], k[0]))[:MOST])
        return found

    def _matrix(self, posts: Sequence[Post]) -> Any:
        """Rows of length one over what the model's features say of the matter: words for the matter, characters for names no model knows."""
        if not posts:
            return sparse.csr_matrix((0, self._model.features.matter), dtype=np.float32)
        rows = self._model.features.matrix(prepared(p.text for p in posts))[:, : self._model.features.matter]
        rows.sum_duplicates()
        length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        return (sparse.diags(1 / np.maximum(length, 1e-9)) @ rows).tocsr()
