#pragma once

#include <boost/json/value.hpp>

#include "base/json_reader.hpp"
#include "base/result.hpp"

namespace dtenv::capi {

namespace json = boost::json;

// The pure helpers of dtenv_eval(), one adapter each from arguments to what formats/ offers. An
// adapter reads its keys from the reader and may go on after a problem: the table in eval.cpp calls
// finish() and turns all problems into one CONFIG. What is wrong inside a text is the adapter's
// error.

// eval_hostfile.cpp
Result<json::value> eval_hostfile_parse(JsonReader& arguments);
Result<json::value> eval_hostfile_render(JsonReader& arguments);
Result<json::value> eval_hostfile_filter(JsonReader& arguments);
Result<json::value> eval_hostfile_doctor(JsonReader& arguments);

// eval_docker.cpp
Result<json::value> eval_daemon_json_merge(JsonReader& arguments);
Result<json::value> eval_dockerignore_match(JsonReader& arguments);
Result<json::value> eval_docker_run_parse(JsonReader& arguments);
Result<json::value> eval_gpus_parse(JsonReader& arguments);
Result<json::value> eval_size_parse(JsonReader& arguments);
Result<json::value> eval_port_parse(JsonReader& arguments);

// eval_dockerfile.cpp
Result<json::value> eval_dockerfile_render(JsonReader& arguments);
Result<json::value> eval_dockerfile_lint(JsonReader& arguments);

// eval_driver.cpp
Result<json::value> eval_driver_verdict(JsonReader& arguments);
Result<json::value> eval_explain(JsonReader& arguments);

// eval_ssh.cpp
Result<json::value> eval_ssh_config_render(JsonReader& arguments);
Result<json::value> eval_known_hosts_render(JsonReader& arguments);
Result<json::value> eval_authorized_keys_merge(JsonReader& arguments);

// eval_launch.cpp
Result<json::value> eval_launch_command(JsonReader& arguments);

}  // namespace dtenv::capi
