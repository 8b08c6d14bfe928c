// Every error text of the tables of the driver's and the engine's behaviour, as the programs write
// it.
#include <string>

#include "doctest/doctest.h"
#include "formats/error_catalogue.hpp"

using namespace dtenv;

namespace {

struct Text {
  std::string_view id;
  std::string_view text;
};

constexpr Text texts[] = {
    {"DRV_NOT_LOADED",
     "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that "
     "the latest NVIDIA driver is installed and running."},
    {"DRV_MISMATCH",
     "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.178"},
    {"DRV_MISMATCH",
     "NVRM: API mismatch: the client (pid 1) has the version 595.84, but this kernel module has "
     "the version 595.71.05"},
    {"RT_CGROUP_LOST", "Failed to initialize NVML: Unknown Error"},
    {"DRV_PERMISSION", "Failed to initialize NVML: Insufficient Permissions"},
    {"DRV_PERMISSION", "GPU access blocked by the operating system"},
    {"DRV_NO_DEVICES", "No devices were found"},
    {"DRV_INIT_FAILED", "NVRM: GPU 0000:06:00.0: RmInitAdapter failed! (0x26:0x56:1463)"},
    {"GPU_LOST", "Unable to determine the device handle for GPU3: 0000:04:00.0: Unknown Error"},
    {"GPU_LOST",
     "Unable to determine the device handle for GPU 0000:06:00.0: GPU is lost.  Reboot the system "
     "to recover this GPU"},
    {"DRV_NO_LIBRARY",
     "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure that the "
     "NVIDIA Display Driver is properly installed and present in your system."},
    {"DRV_NO_TOOL", "bash: nvidia-smi: command not found"},
    {"GPU_LOST", "|  0%   ERR!  P0    ERR! / 300W |"},
    {"GPU_RESET", "[GPU requires reset]"},
    {"DRV_NEEDS_OPEN",
     "NVRM: The NVIDIA GPU 0000:01:00.0 (PCI ID: 10de:2901) installed in this system requires use "
     "of the NVIDIA open kernel modules."},
    {"DRV_OTHER_OWNER", "NVRM: The NVIDIA probe routine was not called for 1 device(s)."},
    {"DRV_OTHER_OWNER",
     "NVRM: This can occur when another driver was loaded and obtain ownership of the NVIDIA "
     "device(s): nouveau, rivafb, nvidiafb"},
    {"DRV_NO_GPU", "NVRM: No NVIDIA GPU found."},
    {"DRV_BRANCH_TOO_NEW",
     "The NVIDIA Tesla K80 is supported through the NVIDIA 470.xx Legacy drivers"},
    {"DRV_SECURE_BOOT", "modprobe: ERROR: could not insert 'nvidia': Key was rejected by service"},
    {"DRV_SECURE_BOOT", "modprobe: ERROR: could not insert 'nvidia': Required key not available"},
    {"DRV_OTHER_OWNER", "modprobe: ERROR: could not insert 'nvidia': No such device"},
    {"DRV_NOT_BUILT",
     "modprobe: FATAL: Module nvidia not found in directory /lib/modules/6.8.0-45-generic"},
    {"DRV_NOT_BUILT", "could not insert 'nvidia': Exec format error"},
    {"DRV_NOT_BUILT", "nvidia: disagrees about version of symbol module_layout"},
    {"PEERMEM_SYMBOLS", "could not insert 'nvidia_peermem': Invalid argument"},
    {"PEERMEM_SYMBOLS",
     "nvidia_peermem: disagrees about version of symbol ib_register_peer_memory_client"},
    {"FABRIC_VERSION",
     "nv-fabricmanager: fabric manager NVIDIA GPU driver interface version 550.127.05 don't match "
     "with driver version 550.120. Please update with matching NVIDIA driver package."},
    {"FABRIC_VERSION", "system not yet initialized"},
    {"DPKG_LOCK",
     "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1234 "
     "(unattended-upgr)"},
    {"CFG_SYNTAX",
     "unable to configure the Docker daemon with file /etc/docker/daemon.json: invalid JSON: "
     "unexpected"},
    {"CFG_SYNTAX", "unable to configure the Docker daemon with file /etc/docker/daemon.json: EOF"},
    {"CFG_SYNTAX",
     "unable to configure the Docker daemon with file /etc/docker/daemon.json: invalid character "
     "'\"' after object key:value pair"},
    {"CFG_UNKNOWN_KEY",
     "unable to configure the Docker daemon with file /etc/docker/daemon.json: the following "
     "directives don't match any configuration option: X"},
    {"CFG_FLAG_CONFLICT",
     "unable to configure the Docker daemon with file /etc/docker/daemon.json: the following "
     "directives are specified both as a flag and in the configuration file: hosts: (from flag: "
     "[fd://], from file: [tcp://0.0.0.0])"},
    {"CFG_MIRROR",
     "invalid mirror: no scheme specified for \"x\": must use either 'https://' or 'http://'"},
    {"CFG_MIRROR", "invalid mirror: unsupported scheme \"\" in \"x\""},
    {"CFG_MIRROR", "invalid mirror: path, query, or fragment at end of the URI \"https://m/v2/\""},
    {"CFG_MIRROR", "query or fragment at end of the URI \"https://m/?a\""},
    {"CFG_MIRROR", "invalid mirror: username/password not allowed in URI \"http://foo:xxxxx@m\""},
    {"CFG_NUMBER", "invalid max concurrent downloads: -1"},
    {"CFG_NUMBER", "invalid max download attempts: -10"},
    {"CFG_NUMBER", "invalid default MTU: -10"},
    {"CFG_LOG_LEVEL", "invalid logging level: foobar"},
    {"CFG_LABELS", "bad attribute format: one"},
    {"CFG_DNS", "123456 is not a valid domain"},
    {"CFG_EXEC_OPT", "invalid exec-opt (no-value): must be formatted 'opt=value'"},
    {"CFG_EXEC_OPT",
     "invalid exec-opt (unknown-option=any-value): unknown option: 'unknown-option'"},
    {"CFG_LABELS", "conflict labels for a=b and a=c"},
    {"CFG_BIND_ADDRESS",
     "invalid bind address (127.0.0.1:2375/path): should not contain a path element"},
    {"DAEMON_SECOND",
     "failed to start daemon: pid file found, ensure docker is not running or delete "
     "/var/run/docker.pid"},
    {"DAEMON_SECOND",
     "failed to start daemon, ensure docker is not running or delete /run/docker.pid: process with "
     "PID 1 is still running"},
    {"CFG_RUNTIME", "runtime name 'runc' is reserved"},
    {"CFG_RUNTIME", "cannot configure both runtimeType and path"},
    {"CFG_RUNTIME", "options cannot be used with a path runtime"},
    {"CFG_RUNTIME", "args cannot be used with a runtimeType runtime"},
    {"CFG_RUNTIME", "either a runtimeType or a path must be configured"},
    {"CFG_DEFAULT_RUNTIME", "specified default runtime 'X' does not exist"},
    {"DAEMON_OLD", "unknown flag: --validate"},
    {"DAEMON_START_LIMIT", "start request repeated too quickly"},
    {"CFG_LIVE_RESTORE_SWARM",
     "--live-restore daemon configuration is incompatible with swarm mode"},
    {"CFG_KILLED_BY_RELOAD", "panic: assignment to entry in nil map"},
    {"CFG_SYNTAX", "Error reconfiguring the daemon: x"},
    {"API_TOO_NEW",
     "{\"message\":\"client version 1.99 is too new. Maximum supported API version is 1.41\"}"},
    {"API_UNKNOWN_PATH", "{\"message\":\"page not found\"}"},
    {"NOT_FOUND_CONTAINER", "No such container: zz"},
    {"NOT_FOUND_EXEC", "No such exec instance: zz"},
    {"NOT_FOUND_IMAGE", "No such image: nope:1"},
    {"NAME_CONFLICT",
     "Conflict. The container name \"/c1\" is already in use by container \"abc\". You have to "
     "remove (or rename) that container to be able to reuse that name."},
    {"NOT_RUNNING", "Container abc is not running"},
    {"NOT_RUNNING", "container abc is not running"},
    {"NO_COMMAND", "No exec command specified"},
    {"CMD_NOT_FOUND",
     "OCI runtime exec failed: exec failed: unable to start container process: exec: \"x\": stat "
     "x: no such file or directory: unknown"},
    {"EXEC_TWICE", "Error: Exec command abc has already run"},
    {"NOT_RUNNING", "Cannot kill container: c1: Container abc is not running"},
    {"IS_RUNNING",
     "You cannot remove a running container abc. Stop the container before attempting removal or "
     "force remove"},
    {"IS_RUNNING",
     "cannot remove container \"c1\": container is running: stop the container before removing or "
     "force remove"},
    {"REMOVAL_IN_PROGRESS", "removal of container c1 is already in progress"},
    {"IMAGE_IN_USE",
     "conflict: unable to remove repository reference \"bb:1\" (must force) - container 1 is using "
     "its referenced image 2"},
    {"NO_COMMAND", "No command specified"},
    {"NO_COMMAND", "no command specified"},
    {"BIND_RELATIVE",
     "create ./x: \"./x\" includes invalid characters for a local volume name, only "
     "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use "
     "absolute path"},
    {"BIND_MISSING",
     "invalid mount config for type \"bind\": bind source path does not exist: /no/such/dir"},
    {"PORTS_DISCARDED", "Published ports are discarded when using host network mode"},
    {"PORT_CONFLICT",
     "driver failed programming external connectivity on endpoint c1 (abc): Bind for 0.0.0.0:80 "
     "failed: port is already allocated"},
    {"OCI_ERROR", "failed to create shim task: OCI runtime create failed: runc create failed"},
    {"RT_MISSING", "could not select device driver \"\" with capabilities: [[gpu]]"},
    {"RT_MISSING", "failed to discover GPU vendor from CDI: no known GPU vendor found"},
    {"RT_UNKNOWN", "Unknown runtime specified nvidia"},
    {"RT_UNKNOWN", "unknown or invalid runtime name: nvidia"},
    {"CDI_UNRESOLVABLE", "CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=9"},
    {"CDI_OFF", "could not select device driver \"cdi\" with capabilities: []"},
    {"GPUS_COUNT_AND_IDS", "cannot set both Count and DeviceIDs on device request"},
    {"GPU_NO_DRIVER", "nvidia-container-cli: initialization error: nvml error: driver not loaded"},
    {"GPU_NO_DRIVER",
     "nvidia-container-cli: initialization error: load library failed: libnvidia-ml.so.1: cannot "
     "open shared object file: no such file or directory"},
    {"GPU_UNKNOWN_DEVICE", "nvidia-container-cli: device error: 9: unknown device"},
    {"RT_CGROUP_BPF",
     "nvidia-container-cli: mount error: failed to add device rules: unable to find any existing "
     "device filters attached to the cgroup: bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation "
     "not permitted"},
    {"DRV_TOO_OLD_FOR_CUDA",
     "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.4"},
    {"REGISTRY_UNREACHABLE",
     "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such "
     "host"},
    {"IMAGE_TAG_GONE", "manifest for x:y not found: manifest unknown: manifest unknown"},
    {"REGISTRY_AUTH",
     "pull access denied for x, repository does not exist or may require 'docker login'"},
    {"RATE_LIMIT", "toomanyrequests: You have reached your unauthenticated pull rate limit"},
    {"BAD_ARCHIVE", "Error processing tar file(exit status 1): archive/tar: invalid tar header"},
    {"BAD_ARCHIVE",
     "open /var/lib/docker/tmp/docker-import-1/repositories: no such file or directory"},
    {"CTX_MISSING",
     "COPY failed: file not found in build context or excluded by .dockerignore: stat missing.tgz: "
     "file does not exist"},
    {"CTX_MISSING", "failed to calculate checksum of ref abc: \"/missing.tgz\": not found"},
    {"DOCKERFILE", "dockerfile parse error line 2: unknown instruction: BOGUS"},
    {"DOCKERFILE", "Cannot locate specified Dockerfile: X"},
    {"RUN_FAILED", "The command '/bin/sh -c false' returned a non-zero code: 5"},
    {"RUN_FAILED", "executor failed running [/bin/sh -c false]: exit code: 5"},
    {"RUN_FAILED", "process \"/bin/sh -c false\" did not complete successfully: exit code: 5"},
    {"API_CONTENT_TYPE",
     "unsupported Content-Type header (text/plain): must be 'application/json'"},
    {"ENGINE_PERMISSION", "dial unix /var/run/docker.sock: connect: permission denied"},
    {"ENGINE_DOWN",
     "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon "
     "running?"},
    {"LAYER_DIGEST", "invalid diffID for layer 0: expected \"sha256:000\", got \"sha256:e51\""},
    {"STREAM_BROKEN", "error from daemon in stream: x"},
    {"APT_KEY_GONE", "WARNING: apt-key: not found"},
    {"API_TOO_OLD", "client version 1.24 is too old. Minimum supported API version is 1.44"},
    {"DKMS_DIFF",
     "nvidia/550.54.14, 6.8.0-45-generic, x86_64: installed (WARNING! Diff between built and "
     "installed module!)"},
    {"UBUNTU_DRIVERS_NOISE", "ERROR:root:aplay command not found"},
    {"GPU_LOST", "0, GPU-1, 00000000:06:00.0, Tesla V100, [Unknown Error], 7.0"},
    {"DPKG_LOCK",
     "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another "
     "process "
     "using it?"},
    {"CFG_RUNTIME", "runtime x: cannot configure both runtimeType and path"},
    {"CFG_SYNTAX", "invalid character '\"' after object key:value pair"},
    {"CFG_SYNTAX", "invalid JSON: unexpected end of JSON input"},
    {"CFG_TYPE",
     "unable to configure the Docker daemon with file /etc/docker/daemon.json: json: cannot "
     "unmarshal string into Go struct field Config.tls of type bool"},
    {"CFG_LOG_OPTS",
     "failed to start daemon: failed to set log opts: unknown log opt 'bogus' for json-file log "
     "driver"},
    {"CFG_BUILDER",
     "could not get builder GC policy: could not parse '10QB' as Builder.GC.DefaultKeepStorage "
     "config: invalid size: '10QB'"},
    {"CFG_ADDRESS_POOL",
     "failed to start daemon: Error initializing network controller: error obtaining controller "
     "instance: invalid base pool \"10.0.0.0\": invalid CIDR address: 10.0.0.0"},
    {"CFG_ADDRESS_POOL",
     "failed to start daemon: Error initializing network controller: error obtaining controller "
     "instance: invalid pools size: 16"},
    {"CFG_DNS", "8.8.8.8o is not an ip address"},
    {"CFG_KILLED_BY_RELOAD",
     "panic: runtime error: invalid memory address or nil pointer dereference\ngithub.com/docker/"
     "docker/daemon.(*Daemon).fillPlatformInfo(0xc000)"},
    {"DAEMON_CONTAINERD", "failed to start containerd: timeout waiting for containerd to start"},
    {"STREAM_BROKEN", "unrecognized stream: 7"},
    {"THIN_LOAD", "open /var/lib/docker/tmp/docker-import-4/l2.tar: no such file or directory"},
    {"BAD_REFERENCE", "invalid reference format: repository name (library/Foo) must be lowercase"},
    {"BUILD_NETWORK", "network mode \"none1\" not supported by buildkit"},
};

}  // namespace

TEST_SUITE("explain") {
  TEST_CASE("every text of the tables has its one cause") {
    for (const auto& [id, text] : texts) {
      std::string found;
      for (const auto* error : explain(text))
        found += (found.empty() ? "" : ",") + std::string(error->id);
      CHECK_MESSAGE(found == id, text);
    }
  }
}
