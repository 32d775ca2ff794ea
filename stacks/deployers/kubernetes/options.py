"""What a stack file may say about services on a cluster."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Quantity = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$")]


class Part(BaseModel):
    """Base of the sections: no unknown keys, so that a typo is no setting."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Resources(Part):
    """What a pod is promised, and what it may take. An empty limit sets none."""

    cpu: Quantity = Field(default="250m", description="Promised; autoscaling measures against it.")
    memory: Quantity = Field(default="512Mi", description="Promised.")
    cpu_limit: Quantity | Literal[""] = Field(default="", description="Throttled beyond it.")
    memory_limit: Quantity | Literal[""] = Field(default="1Gi", description="Killed beyond it.")


class Autoscaling(Part):
    """The HorizontalPodAutoscaler; `enabled: false` leaves the number of pods to people."""

    enabled: bool = True
    min: int = Field(default=1, ge=1, description="Pods; 2 or more outlive the loss of a node.")
    max: int = Field(default=4, ge=1)
    cpu: int = Field(default=70, ge=1, le=1_000, description="Per cent of resources.cpu to hold.")
    scale_in_after_s: int = Field(
        default=300, ge=0, le=3_600, description="Calm for so long before pods are taken away."
    )


class Canary(Part):
    """A share of the requests for the candidate, before it gets all; 0 leaves that out."""

    share: Share = Field(default=0.0, description="Of the pods, and so of the requests.")
    watch_s: float = Field(default=60.0, gt=0, description="How long both are compared.")
    min_requests: int = Field(
        default=50, ge=1, description="Of the candidate; with fewer only errors are looked at."
    )
    max_error_growth: Share = Field(
        default=0.01, description="The share of errors may be so much above the stable pods'."
    )
    max_latency_growth: float = Field(
        default=2.0, ge=1.0, description="The 99th percentile may be so many times the stable's."
    )
    min_agreement: Share = Field(
        default=0.0,
        description="Of the rows that the release before was tried with, so many must be answered "
        "alike.",
    )


class Ingress(Part):
    """How clients outside the cluster reach a service; without a host there is no Ingress."""

    host: str = Field(default="", description="As {name}.example.org.")
    class_name: str = Field(default="", description="The controller; empty: the cluster's default.")
    tls: bool = Field(default=True, description="HTTPS, with the certificate in {name}-tls.")
    annotations: dict[str, str] = Field(
        default_factory=dict, description="As cert-manager.io/cluster-issuer: letsencrypt."
    )


class Network(Part):
    """What the NetworkPolicy lets through; a cluster without one that enforces them ignores it."""

    ingress_from: tuple[dict[str, object], ...] = Field(
        default=(), description="NetworkPolicyPeers that may ask; empty: all of the cluster."
    )
    egress_ports: tuple[int, ...] = Field(
        default=(443,), description="Those of the queue and of AWS_ENDPOINT_URL_S3 are added."
    )


class Options(BaseModel):
    """The configuration of the flavour 'switchyard-kubernetes'."""

    kubernetes_context: str = Field(
        default="", description="Of the kubeconfig; empty: its current one. Unused inside a pod."
    )
    kubernetes_namespace: str = Field(
        default="switchyard-serving", description="Where services run."
    )
    image: str = Field(
        default="", description="What services run in; empty: that of `run.py image build serving`."
    )
    image_pull_secrets: tuple[str, ...] = ()
    model_from: Literal["store", "image"] = Field(
        default="store",
        description="store: pods fetch the Bento from `state`; image: it becomes a layer of one.",
    )
    repository: str = Field(
        default="", description="For model_from: image, as registry.example.org/team/services."
    )
    state: str = Field(
        default="", description="Object store of Bentos, captured rows, jobs, monitoring."
    )
    queue: str = Field(default="", description="Of jobs: postgresql://… or redis://….")
    secrets: tuple[str, ...] = Field(
        default=("switchyard-storage",), description="Secrets whose keys are a pod's environment."
    )
    environment: dict[str, str] = Field(
        default_factory=dict, description="More of a pod's environment; nothing secret."
    )
    resources: Resources = Resources()
    autoscaling: Autoscaling = Autoscaling()
    canary: Canary = Canary()
    ingress: Ingress = Ingress()
    network: Network = Network()
    service_type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    service_url: str = Field(
        default="", description="Where clients ask, if it is known better here; {name} is filled."
    )
    ready_timeout_s: float = Field(default=120.0, gt=0, description="For pods to become ready.")
    pause_s: int = Field(
        default=5, ge=0, description="A pod that ends answers on until nobody sends to it."
    )
    drain_s: int = Field(default=30, ge=1, description="For requests in flight when a pod ends.")
    busy_timeout_s: float = Field(
        default=120.0, ge=0, description="To wait for another deployment of the same use case."
    )
    patience_s: float = Field(
        default=30.0, ge=0, description="The API server may be away for so long."
    )
