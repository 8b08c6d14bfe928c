/* dtenv_eval through the C ABI: results, and errors that say where. What each function computes is
 * tested where it is written, in tests/unit/formats. */
#include <string.h>

#include "check.h"

struct example {
  const char* function;
  const char* arguments;
  const char* part; /* of the result */
};

static const struct example good[] = {
    {"list", "{}", "\"launch.command\""},
    {"size.parse", "{\"value\": \"16gb\"}", "{\"bytes\":17179869184}"},
    {"port.parse", "{\"value\": \"8080:80\"}", "80/tcp"},
    {"gpus.parse", "{\"value\": \"\\\"device=0,1\\\"\"}", "\"0\",\"1\""},
    {"hostfile.parse",
     "{\"text\": \"V100-1 slots=4\\nV100-2 slots=4\\n\", \"dialect\": \"deepspeed\"}",
     "\"slots\":4"},
    {"hostfile.render", "{\"hosts\": [{\"name\": \"a\", \"slots\": 2}], \"dialect\": \"openmpi\"}",
     "a slots=2"},
    {"hostfile.filter",
     "{\"hosts\": [{\"name\": \"a\", \"slots\": 2}, {\"name\": \"b\", \"slots\": 2}],"
     " \"include\": \"b:1\"}",
     "\"b\""},
    {"dockerignore.match", "{\"patterns\": [\"*.o\"], \"paths\": [\"a.o\", \"a.c\"]}",
     "[true,false]"},
    {"docker_run.parse", "{\"command\": \"docker run --name glm debian true\"}",
     "\"name\":\"glm\""},
    {"dockerfile.lint", "{\"text\": \"FROM debian\\n\"}", "\"findings\""},
    {"daemon_json.merge",
     "{\"text\": \"{}\", \"engine_version\": \"20.10.24\","
     " \"actions\": [{\"op\": \"set\", \"pointer\": \"/debug\", \"value\": true}],"
     " \"unit_flags\": [], \"running_containers\": 0, \"swarm\": false}",
     "\"changed\":true"},
    {"driver.verdict", "{}", "\"verdict\""},
    {"explain", "{\"text\": \"nothing that is known\"}", "\"matches\""},
    {"ssh_config.render",
     "{\"nodes\": [{\"name\": \"a\", \"address\": \"10.0.0.1\", \"port\": 6001, \"user\": "
     "\"root\"}]}",
     "Host a"},
};

static void evaluates(const struct example* example) {
  char* result = NULL;
  dtenv_error* error = NULL;
  const dtenv_status status = dtenv_eval(example->function, example->arguments, &result, &error);
  if (status != DTENV_OK || strstr(result, example->part) == NULL) {
    fprintf(stderr, "%s: %s\n", example->function,
            status == DTENV_OK ? result : dtenv_error_json(error));
    _Exit(1);
  }
  dtenv_free(result);
}

static void fails(const char* function, const char* arguments, dtenv_status wanted,
                  const char* part) {
  char* result = NULL;
  dtenv_error* error = NULL;
  CHECK_STATUS(wanted, dtenv_eval(function, arguments, &result, &error));
  if (strstr(dtenv_error_json(error), part) == NULL) {
    fprintf(stderr, "%s: no %s in %s\n", function, part, dtenv_error_json(error));
    _Exit(1);
  }
  CHECK(result == NULL);
  dtenv_error_free(error);
}

int main(void) {
  size_t i;
  for (i = 0; i < sizeof good / sizeof good[0]; ++i) evaluates(&good[i]);

  fails("hostfile.pasre", "{}", DTENV_E_NOT_FOUND, "hostfile.parse");
  fails("size.parse", "{\"value\": \"16gb\",\n  \"valeu\": 1}", DTENV_E_CONFIG,
        "\"pointer\":\"/valeu\",\"line\":2,\"column\":3");
  fails("size.parse", "{}", DTENV_E_CONFIG, "/value");
  fails("size.parse", "{\"value\": \"16 apples\"}", DTENV_E_CONFIG, "apples");
  fails("size.parse", "[]", DTENV_E_CONFIG, "object");
  fails("size.parse", "{\"value\": ", DTENV_E_CONFIG, "\"line\":1");
  fails("size.parse", "", DTENV_E_CONFIG, "size.parse");
  fails("hostfile.parse", "{\"text\": \"a\", \"dialect\": \"openmp\"}", DTENV_E_CONFIG, "openmpi");
  return 0;
}
