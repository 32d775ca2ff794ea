"""Steps that package the challenger, record the run in MLflow, and register the version."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from sklearn.base import BaseEstimator
from zenml import ArtifactConfig, get_step_context, link_artifact_to_model, log_metadata, step
from zenml import Model as ZenmlModel
from zenml.client import Client
from zenml.enums import ArtifactType
from zenml.types import HTMLString

from steps.caching import PACKAGE, REGISTRY
from steps.materializers import FolderMaterializer
from steps.tracking import open_tracker
from switchyard.configuration.model import UseCase
from switchyard.data.cards import DataCard
from switchyard.errors import GateRefused
from switchyard.evaluation.results import Evaluation
from switchyard.packages.building import build_package
from switchyard.packages.loading import verify
from switchyard.progress import stage
from switchyard.promotion.gates import check_floors
from switchyard.retraining.bases import write_base
from switchyard.tasks.rows import inputs_of
from switchyard.tracking.records import DIGEST_TAG
from switchyard.trials import dataset_of, trial_of


@step(cache_policy=PACKAGE, output_materializers=FolderMaterializer)
def package_model(
    challenger: BaseEstimator,
    inputs: dict[str, Any],
    evaluation: Evaluation,
    data_card: DataCard,
    use_case: dict[str, Any],
) -> Annotated[
    Path, ArtifactConfig(name="package", artifact_type=ArtifactType.MODEL, tags=["package"])
]:
    """Write the model package of the challenger: model, manifest and card."""
    folder = Path(tempfile.mkdtemp()) / "package"
    with stage("Package the challenger"):
        package = build_package(
            folder, challenger, UseCase.of(use_case), inputs_of(inputs), evaluation, data_card
        )
    log_metadata({"content_sha256": package.content_sha256, "size_mb": package.size_mb})
    return folder


@step(cache_policy=REGISTRY)
def record_run(
    package: Path,
    evaluation: Evaluation,
    results: list[dict[str, Any]],
    data_card: DataCard,
    report: HTMLString,
    exploration: HTMLString,
    train: pd.DataFrame,
    holdout: pd.DataFrame,
    base: dict[str, Any],
    use_case: dict[str, Any],
) -> Annotated[str, "mlflow_run"]:
    """Write the run to MLflow: dataset, parameters, metrics, curves, report and package.

    Beside the package go the reference that monitoring compares live requests with, and `base`,
    the data section that a retraining starts from.
    """
    from switchyard.monitoring.packaging import reference_of

    case = UseCase.of(use_case)
    tracker = open_tracker()
    run = get_step_context().pipeline_run
    with stage("Record the run in MLflow"), tempfile.TemporaryDirectory() as folder:
        pages = {"report.html": report, "exploration.html": exploration}
        for name, page in pages.items():
            (Path(folder) / name).write_text(str(page), encoding="utf-8")
        reference = reference_of(package, train, holdout, case.seed, Path(folder))
        run_id = tracker.record(
            experiment=case.name,
            run_name=run.name,
            dataset=dataset_of(case.name, data_card),
            trials=[trial_of(result, evaluation) for result in results],
            parameters={"served": evaluation.served.name, "seed": case.seed, **case.split.plain()},
            metrics=evaluation.figures(evaluation.served.name),
            files=[
                *(Path(folder) / name for name in pages),
                package,
                reference,
                write_base(base, Path(folder)),
            ],
            tags={
                "zenml.run": run.name,
                "synthetic": str(data_card.synthetic).lower(),
                DIGEST_TAG: verify(package).content_sha256,
            },
        )
    log_metadata({"mlflow_run_id": run_id, "mlflow_uri": tracker.uri})
    return run_id


@step(cache_policy=REGISTRY)
def register_model(
    package: Path,
    mlflow_run: str,
    evaluation: Evaluation,
    use_case: dict[str, Any],
) -> Annotated[int, "version"]:
    """Register the package as the next version, in MLflow and in ZenML under the same number.

    GateRefused if the challenger is below a floor: then nothing is registered. The same content is
    registered once, however often this step runs.
    """
    case = UseCase.of(use_case)
    figures = evaluation.figures(evaluation.served.name)
    failed = [
        gate.sentence
        for gate in check_floors(figures, case.promotion, numbers=evaluation.numbers)
        if not gate.passed
    ]
    if failed:
        raise GateRefused(
            f"'{evaluation.served.name}' is below its floors, nothing is registered: "
            + "; ".join(failed)
        )
    digest = verify(package).content_sha256
    with stage("Register the version"):
        version = open_tracker().register(case.name, mlflow_run, package.name, digest)
        _register_in_zenml(case, version.number, digest, figures)
    return version.number


def _register_in_zenml(case: UseCase, number: int, digest: str, figures: dict[str, float]) -> None:
    """Give ZenML's model a version of the same number.

    ZenML counts by itself: versions that MLflow has and ZenML has not, because a run was killed
    between the two, are made up for first.
    """
    client = Client()
    try:
        model = client.get_model(case.name)
    except KeyError:
        model = client.create_model(case.name, description=case.title)
    newest = client.list_model_versions(model.id, sort_by="desc:number", size=1).items
    for _ in range(newest[0].number if newest else 0, number):
        client.create_model_version(model.id)
    version = ZenmlModel(name=case.name, version=str(number))
    context = get_step_context()
    for artifacts in context.pipeline_run.steps["package_model"].outputs.values():
        for artifact in artifacts:
            link_artifact_to_model(artifact, version)
    log_metadata(
        {"content_sha256": digest, "metrics": figures},
        model_name=case.name,
        model_version=str(number),
    )
