"""Every family fits, is evaluated, exported and served, over a small drawn catalogue; some are stopped meanwhile and resume.

`make train-check` runs this alone, each family with the backbone of its article, in processes of its own, and stops each
(FAMILIES=whole). In `make test-all` the default family has that, and all others one convolution in place of their backbone:
ResNet50 and its like cost minutes of processor time each, and how a run resumes does not depend on its family (test_resume.py).
"""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search.encoders.sessions import load_artifact
from tests.training.pipelines import ROOT, LightPipeline, Pipeline

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(4800),
    pytest.mark.filterwarnings("ignore::FutureWarning:keras"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

PRODUCTS = 480
SMALL = ("batch_size=32", "stages.0.height=32", "stages.0.width=32", "stages.0.warmup=5")
VECTORS = ("text.vectors=../vectors.txt.gz", "text.width=64")
# Of each family what is set anew.
FAMILIES: dict[str, tuple[str, ...]] = {
    "default": (
        *SMALL,
        'stages=[{loss="triplet",epochs=7,height=32,width=32,learning_rate=1e-3,warmup=10,miner="hard",margin=0.2,'
        "both_directions=true,contrastive_weight=1.0,facts_weight=0.1,same_type=4,alone=0.5}]",
    ),
    "triplet": (*SMALL, "stages.0.epochs=9", "stages.0.learning_rate=2e-3"),
    "devise": (
        *SMALL,
        *VECTORS,
        "image.weights=",
        "dimension=64",
        "stages.0.epochs=5",
        "stages.0.learning_rate=1e-3",
    ),
    "dual_encoder": (
        *SMALL,
        "image.weights=",
        "image.frozen=false",
        "stages.0.height=72",
        "stages.0.width=72",
        "stages.0.epochs=4",
    ),
    "siamese": (*SMALL, *VECTORS, "image.weights=../backbone.weights.h5", "stages.0.epochs=8"),
}
# One convolution learns in longer steps.
LIGHT = dict.fromkeys(FAMILIES, ("stages.0.learning_rate=1e-2",)) | {
    "devise": ("stages.0.learning_rate=3e-3", "stages.0.epochs=20"),
    "dual_encoder": ("stages.0.learning_rate=1e-2", "stages.0.epochs=3", "text.max_tokens=12"),
}
WHOLE = os.environ.get("FAMILIES") == "whole"
STOPPED = list(FAMILIES) if WHOLE else ["default"]
FIRST_BACKBONE = "default" if WHOLE else "triplet"  # whose backbone the siamese family begins with


def follow(pipeline: Pipeline, backbone: Path, followed: Callable[[str], Pipeline]) -> Pipeline:
    """Follow the whole path; what each command said and gave stays in the pipeline."""
    if pipeline.family == "siamese":
        followed(FIRST_BACKBONE)
    options = []
    if pipeline.family in STOPPED:
        pipeline.statuses["stopped"] = pipeline.fit_and_stop()
        pipeline.stopped = pipeline.state()
        options = ["--resume"]
    pipeline.statuses["fitted"] = pipeline.fit(*options)
    if pipeline.family == FIRST_BACKBONE:
        pipeline.statuses["backbone"] = pipeline.backbone(backbone)
    pipeline.statuses["exported"] = pipeline.export()
    return pipeline


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory):
    """Start the families that have processes of their own, two at a time; the others are followed when they are asked for."""
    folder = tmp_path_factory.mktemp("families")
    data = folder / "drawn"
    for arguments in (
        ["sample_catalogue", "--count", str(PRODUCTS), "--out", str(data)],
        [
            "training",
            "vectors",
            "--data",
            str(data),
            "--out",
            str(folder / "vectors.txt.gz"),
            "--dimension",
            "64",
        ],
    ):
        subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, check=True, capture_output=True)
    backbone = folder / "backbone.weights.h5"
    with ThreadPoolExecutor(2) as executor:
        started: dict[str, Future[Pipeline]] = {}

        @cache
        def followed(family: str) -> Pipeline:
            if family in started:
                return started[family].result()
            changes = (*FAMILIES[family], *LIGHT[family])
            return follow(LightPipeline(family, folder / family, data, changes), backbone, followed)

        for family in FAMILIES if WHOLE else ["default"]:
            pipeline = Pipeline(family, folder / family, data, FAMILIES[family])
            started[family] = executor.submit(follow, pipeline, backbone, followed)
        yield followed


@pytest.fixture(scope="module", params=FAMILIES)
def pipeline(pipelines, request):
    return pipelines(request.param)


@pytest.mark.parametrize("pipeline", STOPPED, indirect=True)
def test_it_stops_when_asked_and_says_how_to_go_on(pipeline):
    assert pipeline.statuses["stopped"] == 143, pipeline.printed["stopped"]
    assert "continue with --resume" in pipeline.printed["stopped"]
    assert pipeline.stopped["epoch"] >= 1


def test_it_ends_and_its_loss_falls(pipeline):
    assert pipeline.statuses["fitted"] == 0, pipeline.printed["fit"]
    losses = [entry["loss"] for entry in pipeline.state()["history"]]
    assert [line["epoch"] for line in pipeline.log()] == [str(number + 1) for number in range(len(losses))]
    assert losses[-1] < losses[0]
    assert list((pipeline.run / "tensorboard").rglob("events.*"))


def test_it_learns_and_serves_what_it_learned(pipeline):
    assert pipeline.statuses["exported"] == 0, pipeline.printed["export"]
    figures = pipeline.evaluate()
    if pipeline.family == "devise":  # learns article types; by chance one product in eighteen has the same
        assert figures["image_to_image all"]["article_type precision@10"] >= 0.09
    else:  # by chance the median is half of the products
        assert figures["text_to_image all"]["median_rank"] <= PRODUCTS / 4
    encoders = load_artifact(pipeline.artifact)
    pictures = encoders.encode_images([Image.new("RGB", (300, 400), colour) for colour in ("red", "white")])
    texts = encoders.encode_texts(["red t-shirt", "zzzz", ""])
    assert np.linalg.norm(pictures, axis=1) == pytest.approx(np.ones(2), abs=1e-5)
    assert np.linalg.norm(texts, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
