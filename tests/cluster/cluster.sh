#!/usr/bin/env bash
# A real Kubernetes of one node, of packages, for tests: `cluster.sh up | down | image LOCAL NAME`. Needs root.
#
# SWITCHYARD_CLUSTER_CACHE  binaries and base images, kept     (default ~/.cache/switchyard/cluster)
# SWITCHYARD_CLUSTER_STATE  what runs, thrown away by `down`   (default /var/lib/switchyard-cluster)
#
# `image` lets the node have an image of the local registry by another name, as if it had pulled that one.
# `up` prints the path of the kubeconfig. Images come from a registry on 127.0.0.1:5000, which the
# node may read without TLS; pods reach this machine as 10.99.0.1. Logs are in the state's log/.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${SWITCHYARD_CLUSTER_CACHE:-$HOME/.cache/switchyard/cluster}
state=${SWITCHYARD_CLUSTER_STATE:-/var/lib/switchyard-cluster}
pki=$state/pki
runtime=/run/switchyard-containerd
address=10.99.0.1
node=switchyard-node
pods=10.244.0.0/24
services=10.96.0.0/16
etcd=http://127.0.0.1:12379
export PATH="$bin:/usr/sbin:/sbin:$PATH" KUBECONFIG="$pki/admin.kubeconfig"

# start NAME COMMAND ...: in the background, in a session of its own, unless it runs already.
start() {
  local name=$1
  shift
  if [ -f "$state/pid/$name" ] && [ -d "/proc/$(cat "$state/pid/$name")" ]; then return; fi
  setsid nohup "$@" >>"$state/log/$name.log" 2>&1 </dev/null &
  echo $! >"$state/pid/$name"
}

# until_works SECONDS WHAT COMMAND ...
until_works() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $deadline ]; then
      printf 'the cluster has no %s; see %s/log\n' "$what" "$state" >&2
      "$@" >&2
      return 1
    fi
    sleep 0.3
  done
}

containers() { ctr -a "$runtime/containerd.sock" -n k8s.io "$@"; }

prepare_network() {
  if ! ip link show swybr0 >/dev/null 2>&1; then
    ip link add swybr0 type bridge
    ip addr add $address/24 dev swybr0
    ip link set swybr0 up
  fi
  sysctl -qw net.ipv4.ip_forward=1
  if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
    sysctl -qw net.bridge.bridge-nf-call-iptables=1
  fi
  cat >"$state/cni/10-switchyard.conflist" <<EOF
{"cniVersion": "0.4.0", "name": "switchyard", "plugins": [
  {"type": "bridge", "bridge": "swycni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$pods"}]],
            "routes": [{"dst": "0.0.0.0/0"}], "dataDir": "$state/cni-addresses"}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
EOF
}

start_registry() {
  cat >"$state/registry.yml" <<EOF
version: 0.1
storage: {filesystem: {rootdirectory: $bin/registry}, delete: {enabled: true}}
http: {addr: 127.0.0.1:5000}
EOF
  if ! curl -sf http://127.0.0.1:5000/v2/ >/dev/null; then
    start registry docker-registry serve "$state/registry.yml"
  fi
  until_works 30 "registry" curl -sf http://127.0.0.1:5000/v2/
}

start_containerd() {
  cat >"$state/containerd.toml" <<EOF
version = 2
root = "$state/containerd"
state = "$runtime/state"
[grpc]
  address = "$runtime/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "127.0.0.1:5000/pause:1"
  # Without CAP_SYS_RESOURCE every sandbox would die of the score that it asks for.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$state/cni"
EOF
  start containerd containerd -c "$state/containerd.toml"
  until_works 30 "containerd" ctr -a "$runtime/containerd.sock" version
}

start_control_plane() {
  start etcd etcd --data-dir "$state/etcd" --unsafe-no-fsync \
    --listen-client-urls $etcd --advertise-client-urls $etcd \
    --listen-peer-urls http://127.0.0.1:12380 --initial-advertise-peer-urls http://127.0.0.1:12380 \
    --initial-cluster default=http://127.0.0.1:12380
  until_works 30 "etcd" curl -sf $etcd/health
  start apiserver kube-apiserver --etcd-servers=$etcd \
    --advertise-address=$address --bind-address=$address --secure-port=6443 \
    --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
    --client-ca-file="$pki/ca.crt" \
    --kubelet-client-certificate="$pki/apiserver-kubelet.crt" \
    --kubelet-client-key="$pki/apiserver-kubelet.key" \
    --kubelet-preferred-address-types=InternalIP \
    --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc \
    --proxy-client-cert-file="$pki/front-proxy.crt" --proxy-client-key-file="$pki/front-proxy.key" \
    --requestheader-client-ca-file="$pki/ca.crt" \
    --requestheader-allowed-names=front-proxy-client \
    --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --requestheader-group-headers=X-Remote-Group --requestheader-username-headers=X-Remote-User \
    --authorization-mode=Node,RBAC --allow-privileged=true \
    --service-cluster-ip-range=$services --enable-aggregator-routing=true
  until_works 60 "API server" kubectl get --raw /readyz
  start controller-manager kube-controller-manager --kubeconfig="$pki/controller-manager.kubeconfig" \
    --leader-elect=false --bind-address=127.0.0.1 --use-service-account-credentials=true \
    --service-account-private-key-file="$pki/sa.key" --root-ca-file="$pki/ca.crt" \
    --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
    --horizontal-pod-autoscaler-sync-period=5s \
    --horizontal-pod-autoscaler-initial-readiness-delay=5s \
    --horizontal-pod-autoscaler-cpu-initialization-period=20s
  start scheduler kube-scheduler --kubeconfig="$pki/scheduler.kubeconfig" --leader-elect=false \
    --bind-address=127.0.0.1
}

start_node() {
  cat >"$state/kubelet.yaml" <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $address
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
failSwapOn: false
failCgroupV1: false
tlsCertFile: $pki/kubelet.crt
tlsPrivateKeyFile: $pki/kubelet.key
clusterDomain: cluster.local
clusterDNS: [$address]
healthzBindAddress: 127.0.0.1
containerRuntimeEndpoint: unix://$runtime/containerd.sock
serializeImagePulls: false
evictionHard: {memory.available: "200Mi", nodefs.available: "1%", imagefs.available: "1%"}
imageGCHighThresholdPercent: 99
imageGCLowThresholdPercent: 98
resolvConf: /etc/resolv.conf
EOF
  start kubelet kubelet --config="$state/kubelet.yaml" --kubeconfig="$pki/kubelet.kubeconfig" \
    --hostname-override=$node --node-ip=$address --root-dir="$state/kubelet" \
    --cert-dir="$state/kubelet/pki"
  # The proxy ends when its file is written again.
  [ -f "$state/proxy.yaml" ] || cat >"$state/proxy.yaml" <<EOF
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $pki/proxy.kubeconfig}
mode: iptables
clusterCIDR: $pods
hostnameOverride: $node
bindAddress: $address
nodePortAddresses: [$address/32]
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
EOF
  start kube-proxy kube-proxy --config="$state/proxy.yaml"
  cat >"$state/Corefile" <<EOF
.:53 {
  bind $address
  errors
  cache 5
  kubernetes cluster.local {
    kubeconfig $pki/admin.kubeconfig switchyard-test
    ttl 2
  }
  forward . /etc/resolv.conf
}
EOF
  start coredns coredns -conf "$state/Corefile"
}

start_metrics() {
  start metrics-server metrics-server --kubeconfig="$pki/admin.kubeconfig" \
    --authentication-kubeconfig="$pki/admin.kubeconfig" \
    --authorization-kubeconfig="$pki/admin.kubeconfig" \
    --bind-address=$address --secure-port=4443 --cert-dir="$state/metrics-server" \
    --kubelet-certificate-authority="$pki/ca.crt" \
    --kubelet-preferred-address-types=InternalIP --metric-resolution=10s \
    --kubelet-request-timeout=5s
  kubectl apply -f - >/dev/null <<EOF
apiVersion: v1
kind: Service
metadata: {name: metrics-server, namespace: kube-system}
spec: {ports: [{name: https, port: 443, targetPort: 4443}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: metrics-server, namespace: kube-system}
subsets: [{addresses: [{ip: $address}], ports: [{name: https, port: 4443}]}]
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec:
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {name: metrics-server, namespace: kube-system}
EOF
}

up() {
  "$here/build.sh" "$bin" >&2
  mkdir -p "$state"/{log,pid,etcd,cni,kubelet,containerd} $runtime
  if [ ! -f "$pki/kubelet.kubeconfig" ]; then
    "$here/pki.sh" "$pki" $address 10.96.0.1 $node
  fi
  prepare_network
  start_registry
  "$here/images/pause.sh" "$bin/pause"
  start_containerd
  start_control_plane
  start_node
  until_works 60 "default service account" kubectl get serviceaccount default
  start_metrics
  until_works 90 "node that is ready" sh -c "kubectl get node $node | grep -w Ready"
  printf '%s\n' "$KUBECONFIG"
}

stop() {
  local name=$1 pid
  [ -f "$state/pid/$name" ] || return 0
  pid=$(cat "$state/pid/$name")
  rm -f "$state/pid/$name"
  [ -d "/proc/$pid" ] || return 0
  kill "$pid"
  for _ in $(seq 50); do
    [ -d "/proc/$pid" ] || return 0
    sleep 0.1
  done
  kill -9 "$pid"
}

end_containers() {
  local each
  [ -S "$runtime/containerd.sock" ] || return 0
  for each in $(containers task ls -q); do containers task kill -s KILL "$each" || continue; done
  sleep 1
  for each in $(containers container ls -q); do
    containers task rm -f "$each" >/dev/null 2>&1 || printf '%s had no task\n' "$each"
    containers container rm "$each" || continue
  done
}

unmount_below() {
  awk -v folder="$1/" 'index($2, folder) == 1 {print $2}' /proc/mounts | sort -r |
    while read -r place; do umount "$place"; done
}

down() {
  local name
  for name in metrics-server coredns kubelet kube-proxy scheduler controller-manager apiserver etcd; do
    stop $name
  done
  end_containers >/dev/null 2>&1 || printf 'some containers could not be ended\n' >&2
  stop containerd
  stop registry
  unmount_below "$state"
  unmount_below "$runtime"
  if [ -x "$bin/kube-proxy" ]; then kube-proxy --cleanup >/dev/null 2>&1 || printf 'rules of the proxy stay\n' >&2; fi
  for name in swycni0 swybr0; do
    if ip link show $name >/dev/null 2>&1; then ip link del $name; fi
  done
  ip netns list | awk '/^cni-/ {print $1}' | while read -r name; do ip netns del "$name"; done
  rm -rf $runtime
  # The layers of images are so many files that deleting them takes minutes: nobody waits for it.
  mkdir -p "$state"
  mv "$state" "$state.gone.$$"
  setsid nohup rm -rf "$state".gone.* >/dev/null 2>&1 </dev/null &
}

image() {
  containers images pull --plain-http "$1" >/dev/null
  containers images tag --force "$1" "$2" >/dev/null
}

case "${1:-}" in
  up | down) "$1" ;;
  image) image "$2" "$3" ;;
  *)
    printf 'usage: cluster.sh up | down | image LOCAL NAME\n' >&2
    exit 2
    ;;
esac
