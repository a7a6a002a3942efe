"""Retrieval: a question to the passages that come nearest, by meaning and by words."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from tutor.index import CourseIndex

RRF = 60  # the constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)


class HybridRetriever(BaseRetriever):
    """Returns the ``k`` passages of a course that rank best, dense (Chroma) and lexical (BM25) ranks fused.

    A document's ``metadata["passage"]`` is the passage's id in the index; ``metadata["score"]`` the fused score.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    index: CourseIndex
    k: int = 12
    width: int = 24

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        dense = self.index.dense(self.index.embedder.query(query), self.width)
        lexical = self.index.lexical(query, self.width)
        ranked = fuse([dense, lexical])[: self.k]
        found = self.index.passages([passage for passage, _ in ranked])
        return [
            Document(
                id=str(i),
                page_content="\n".join(sentence.text for sentence in sentences),
                metadata={
                    "passage": i,
                    "source": passage.source,
                    "start": passage.start,
                    "end": passage.end,
                    "score": score,
                },
            )
            for (i, score), (passage, sentences) in zip(ranked, found, strict=True)
        ]


def fuse(rankings: Sequence[Sequence[int]]) -> list[tuple[int, float]]:
    """Return the ids of all rankings with their reciprocal rank fusion score, best first; ties by id."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (RRF + rank)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
