#!/usr/bin/env bash
# Build what the cluster is made of from Go modules, once: `build.sh FOLDER`.
#
# Some nine minutes of processor time for Kubernetes, three for the rest. A binary that is there with
# its stamp (versions and sources below) is kept.
set -euo pipefail
out=$(realpath -m "${1:?a folder for the binaries}")
here=$(cd "$(dirname "$0")" && pwd)

kubernetes=1.32.13          # 1.32 to 1.34 run with Debian 12's containerd 1.6
endpointslice=0.32.12       # the one module of which the registry lacks that patch release
coredns=1.12.2
metrics_server=0.8.0
kube_score=1.20.0           # looks at manifests: tests/deploy/test_lint.py

# What a debugger would want is stripped from the programs anyway: an eighth of the compiler's time.
export GOFLAGS="-mod=mod -gcflags=all=-dwarf=false" CGO_ENABLED=0
mkdir -p "$out"
minor=${kubernetes#1.}

# stamped NAME STAMP COMMAND ...: runs the command unless NAME was built by the same stamp.
stamped() {
  local name=$1 stamp=$2
  shift 2
  if [ -x "$out/$name" ] && [ "$(cat "$out/$name.stamp" 2>/dev/null)" = "$stamp" ]; then return; fi
  printf 'building %s\n' "$name"
  "$@"
  printf '%s' "$stamp" >"$out/$name.stamp"
}

source_of_kubernetes() {
  mkdir -p "$out/source/kubernetes"
  cd "$out/source/kubernetes"
  {
    printf 'module switchyard.test/kubernetes\n\ngo 1.23.0\n\n'
    printf 'require k8s.io/kubernetes v%s\n\nreplace (\n' "$kubernetes"
    for module in api apiextensions-apiserver apimachinery apiserver cli-runtime client-go \
      cloud-provider cluster-bootstrap code-generator component-base component-helpers \
      controller-manager cri-api cri-client csi-translation-lib dynamic-resource-allocation \
      endpointslice externaljwt kms kube-aggregator kube-controller-manager kube-proxy \
      kube-scheduler kubectl kubelet metrics mount-utils pod-security-admission \
      sample-apiserver sample-cli-plugin sample-controller; do
      version="0.$minor"
      if [ "$module" = endpointslice ]; then version=$endpointslice; fi
      printf '\tk8s.io/%s => k8s.io/%s v%s\n' "$module" "$module" "$version"
    done
    printf ')\n'
  } >go.mod
}

build_kubernetes() {
  source_of_kubernetes
  local flags="-s -w" package
  for package in component-base/version client-go/pkg/version; do
    flags+=" -X k8s.io/$package.gitVersion=v$kubernetes -X k8s.io/$package.gitMajor=1"
    flags+=" -X k8s.io/$package.gitMinor=${minor%%.*} -X k8s.io/$package.gitTreeState=archive"
  done
  go build -trimpath -tags providerless -ldflags "$flags" -o "$out/$1" "k8s.io/kubernetes/cmd/$1"
}

# build_program NAME FOLDER MODULE@VERSION PACKAGE: FOLDER has the sources, or is empty.
build_program() {
  local name=$1 folder=$2 module=$3 package=$4
  rm -rf "$out/source/$name"
  mkdir -p "$out/source/$name"
  cp "$here/binaries/$folder"/*.go "$out/source/$name/" 2>/dev/null || [ -z "$folder" ]
  cd "$out/source/$name"
  printf 'module switchyard.test/%s\n\ngo 1.23.0\n' "$name" >go.mod
  if [ -n "$module" ]; then go get "$module"; fi
  go build -trimpath -ldflags "-s -w" -o "$out/$name" "$package"
}

stamp_of() { cat "$here/binaries/$1"/*.go | sha256sum | cut -c1-16; }

for name in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl; do
  stamped "$name" "$kubernetes" build_kubernetes "$name"
done
stamped coredns "$coredns $(stamp_of coredns)" \
  build_program coredns coredns "github.com/coredns/coredns@v$coredns" .
stamped metrics-server "$metrics_server" build_program metrics-server "" \
  "sigs.k8s.io/metrics-server@v$metrics_server" sigs.k8s.io/metrics-server/cmd/metrics-server
stamped kube-score "$kube_score" build_program kube-score "" \
  "github.com/zegl/kube-score@v$kube_score" github.com/zegl/kube-score/cmd/kube-score
stamped pause "$(stamp_of pause)" build_program pause pause "" .
