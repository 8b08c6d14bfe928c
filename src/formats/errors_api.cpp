#include "formats/error_catalogue.hpp"

namespace dtenv {
namespace {

constexpr KnownError known_errors[] = {
    {"NOT_FOUND_EXEC",
     {"No such exec instance"},
     "",
     "The exec is gone: its container was restarted, or the engine was.",
     "Make a new exec."},
    {"EXEC_TWICE",
     {"Exec command", "has already run"},
     "",
     "An exec runs once.",
     "Make a new exec."},
    {"API_UNKNOWN_PATH",
     {"\"message\":\"page not found\""},
     "",
     "The engine does not know that call: an older version, or podman.",
     "Ask /_ping for the API's version."},
    {"API_CONTENT_TYPE",
     {"unsupported Content-Type header"},
     "",
     "The client's request is not sent as JSON.",
     "Send Content-Type: application/json."},
    {"STREAM_BROKEN",
     {"error from daemon in stream"},
     "",
     "The engine could not go on with a container's output.",
     "Read the line's end and the engine's journal."},
    {"STREAM_BROKEN",
     {"unrecognized stream:"},
     "",
     "What came is no multiplexed output: of a container with a terminal, or cut.",
     "Ask the container's Tty before its output is taken apart."},
    {"THIN_LOAD",
     {"docker-import-", ".tar: no such file or directory"},
     "",
     "The archive lacks a layer that this engine does not have under the ones before it.",
     "Load the base image first, or send the whole archive."},
    {"BAD_REFERENCE",
     {"invalid reference format"},
     "",
     "An image's name is none: upper-case letters, a blank, or two colons.",
     "Write lower-case: registry.example.com/team/name:tag."},
    {"BUILD_NETWORK",
     {"network mode", "not supported by buildkit"},
     "",
     "BuildKit builds in the networks default, host and none alone.",
     "Take one of them, or build with version 1."},
    {"LAYER_DIGEST",
     {"invalid diffID for layer"},
     "",
     "A layer of the archive is not what its image says: cut or changed on the way.",
     "Deliver the image again; image_build compares digests."},
    {"NO_COMMAND",
     {"No exec command specified"},
     "",
     "The exec names no program.",
     "Give it a command."},
};

}  // namespace

std::span<const KnownError> api_errors() {
  return known_errors;
}

}  // namespace dtenv
