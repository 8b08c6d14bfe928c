#include "net/docker_errors.hpp"

#include <boost/json.hpp>

#include "base/text.hpp"

namespace dtenv {

namespace {

namespace json = boost::json;

struct Known {
  std::string_view part;  // in lower case; every '|' separated piece must occur
  std::string_view code;
  Status status;
  std::string_view hint;
};

constexpr std::string_view driver_hint =
    "the NVIDIA driver or its container runtime is missing or broken: run driver_check";
constexpr std::string_view runtime_hint = "add the runtime to daemon.json: docker_config";
constexpr std::string_view login_hint = "check the image's name; a private one needs credentials";

// The first that fits. Texts of 20.10 and of the newer engines side by side.
constexpr Known known[] = {
    {"container name|is already in use", "name_conflict", Status::state,
     "remove or rename the other container"},
    {"client version|is too new", "api_version", Status::version,
     "the engine is older than dtenv thought: ask again"},
    {"client version|is too old", "api_version", Status::version, "a newer dtenv is needed"},
    {"you cannot remove a running container", "is_running", Status::state, "stop it first"},
    {"container is running: stop the container", "is_running", Status::state, "stop it first"},
    {"removal of container|already in progress", "retry", Status::state, "ask again in a moment"},
    {"exec command|has already run", "already_ran", Status::state, {}},
    {"conflict: unable to|is using its referenced image", "image_in_use", Status::state,
     "remove the container that uses it first"},
    {"container|is not running", "not_running", Status::state, "start the container first"},
    {"container|is paused", "paused", Status::state, "unpause the container first"},
    {"port is already allocated", "port_conflict", Status::state, "choose another host port"},
    {"address already in use", "port_conflict", Status::state, "choose another host port"},
    {"could not select device driver|gpu", "gpu_no_driver", Status::command, driver_hint},
    {"could not select device driver|cdi", "cdi_off", Status::command, "enable CDI in daemon.json"},
    {"no known gpu vendor found", "gpu_no_driver", Status::command, driver_hint},
    {"unknown runtime specified", "runtime_unknown", Status::config, runtime_hint},
    {"unknown or invalid runtime name", "runtime_unknown", Status::config, runtime_hint},
    {"unresolvable cdi devices", "cdi_unresolvable", Status::command,
     "no such device, or the CDI description is stale: nvidia-ctk cdi generate"},
    {"nvidia-container-cli: initialization error", "gpu_driver", Status::command, driver_hint},
    {"nvidia-container-cli: device error", "gpu_unknown_device", Status::config,
     "this machine has no GPU of that number"},
    {"nvidia-container-cli: requirement error", "gpu_requirement", Status::command,
     "the driver is too old for this image's CUDA"},
    {"nvidia-container-cli", "gpu_error", Status::command, driver_hint},
    {"bind source path does not exist", "bind_missing", Status::config,
     "make the folder on the machine first"},
    {"oci runtime exec failed|no such file or directory", "cmd_not_found", Status::command, {}},
    {"oci runtime exec failed|executable file not found", "cmd_not_found", Status::command, {}},
    {"oci runtime|failed", "oci_error", Status::command, {}},
    {"manifest unknown", "not_found", Status::not_found, "check the image's name and tag"},
    {"pull access denied", "auth", Status::command, login_hint},
    {"unauthorized", "auth", Status::command, login_hint},
    {"no basic auth credentials", "auth", Status::command, login_hint},
    {"toomanyrequests", "rate_limit", Status::command,
     "wait, log in, or use a registry mirror or a saved image"},
    {"dial tcp", "net", Status::command, "the machine cannot reach the registry"},
    {"invalid tar header", "bad_archive", Status::config, "the image archive is damaged"},
    {"repositories: no such file or directory", "bad_archive", Status::config,
     "not an image archive"},
    {"excluded by .dockerignore", "ctx_missing", Status::config,
     "the file is not in the build context, or .dockerignore keeps it out"},
    {"failed to compute cache key|not found", "ctx_missing", Status::config,
     "the file is not in the build context, or .dockerignore keeps it out"},
    {"failed to calculate checksum of ref|not found", "ctx_missing", Status::config,
     "the file is not in the build context, or .dockerignore keeps it out"},
    {"dockerfile parse error", "dockerfile", Status::config, {}},
    {"cannot locate specified dockerfile", "dockerfile", Status::config, {}},
    {"returned a non-zero code", "run_failed", Status::command, {}},
    {"did not complete successfully: exit code", "run_failed", Status::command, {}},
    {"executor failed running", "run_failed", Status::command, {}},
    {"no such container", "no_such", Status::not_found, {}},
    {"no such image", "no_such", Status::not_found, {}},
    {"no such exec instance", "no_such", Status::not_found, {}},
    {"no space left on device", "no_space", Status::command,
     "free space in the engine's data root"},
};

bool fits(std::string_view text, std::string_view parts) {
  for (const auto& part : split(parts, '|'))
    if (!contains(text, part)) return false;
  return true;
}

Status status_of(int http_status) {
  switch (http_status) {
    case 400:
      return Status::config;
    case 404:
      return Status::not_found;
    case 409:
      return Status::state;
    case 501:
      return Status::unsupported;
    default:
      return Status::command;
  }
}

Error classify(Status fallback, std::string_view words, const std::string& what) {
  const std::string text = lower(words);
  std::string message = what + ": " + visible(replace_all(trim(words), "\n", " "), 1000);
  for (const auto& entry : known) {
    if (!fits(text, entry.part)) continue;
    Problem detail;
    detail.problem = entry.code;
    detail.hint = entry.hint;
    return {entry.status, std::move(message), {std::move(detail)}};
  }
  return {fallback, std::move(message)};
}

}  // namespace

std::string engine_words(std::string_view body) {
  boost::system::error_code failed;
  const json::value parsed = json::parse(body, failed);
  if (!failed && parsed.is_object()) {
    const auto& object = parsed.get_object();
    for (const std::string_view key : {"message", "cause"})
      if (const auto* words = object.if_contains(key); words != nullptr && words->is_string())
        return std::string(words->get_string());
  }
  return std::string(trim(body));
}

Error engine_error(int http_status, std::string_view body, const std::string& what) {
  std::string words = engine_words(body);
  if (words.empty()) words = "HTTP " + std::to_string(http_status) + " without a word";
  return classify(status_of(http_status), words, what);
}

Error stream_error(std::string_view words, const std::string& what) {
  return classify(Status::command, words, what);
}

std::string_view engine_code(const Error& error) {
  return error.detail.empty() ? std::string_view{} : std::string_view(error.detail[0].problem);
}

}  // namespace dtenv
