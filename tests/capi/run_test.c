/* dtenv_run: one job from beginning to end, and what it says where it does not get there. */
#include <string.h>

#include "check.h"
#include "jobs.h"

static void fails(const char* kind, const char* document, const char* options, dtenv_status wanted,
                  const char* part) {
  char* report = NULL;
  dtenv_error* error = NULL;
  CHECK_STATUS(wanted, dtenv_run(kind, document, options, &report, &error));
  if (strstr(dtenv_error_json(error), part) == NULL) {
    fprintf(stderr, "no %s in %s\n", part, dtenv_error_json(error));
    _Exit(1);
  }
  CHECK(report == NULL);
  dtenv_error_free(error);
}

int main(void) {
  char* report = NULL;
  char* text = NULL;

  CHECK_STATUS(DTENV_OK, dtenv_run("check", local_document, NULL, &report, NULL));
  CHECK(strstr(report, "\"kind\":\"check\"") != NULL);
  CHECK_STATUS(DTENV_OK, dtenv_render(report, &text, NULL));
  CHECK(strstr(text, "here") != NULL);
  dtenv_free(text);
  dtenv_free(report);
  report = NULL;

  /* A limit that passes: TIMEOUT, and the report all the same. */
  CHECK_STATUS(DTENV_E_TIMEOUT,
               dtenv_run("apply", stuck_document(), "{\"timeout\": \"300ms\"}", &report, NULL));
  CHECK(report != NULL && strstr(report, "stuck") != NULL);
  dtenv_free(report);

  fails("aply", local_document, NULL, DTENV_E_NOT_FOUND, "aply");
  fails("apply", "{\"v\": 1}", NULL, DTENV_E_CONFIG, "/steps");
  fails("apply", local_document, "{\"timeuot\": \"1s\"}", DTENV_E_CONFIG, "timeout");
  fails("apply", local_document, "{\"session\": {\"max_events\": 1}}", DTENV_E_CONFIG,
        "/max_events");
  fails("apply", local_document, "{\"approved_plan\": {}}", DTENV_E_CONFIG, "changes");
  CHECK_STATUS(DTENV_E_CONFIG, dtenv_render("[]", &text, NULL));
  CHECK_STATUS(DTENV_E_NOT_FOUND, dtenv_step_schema("luanch", &text, NULL));
  return 0;
}
