/* NULL for every argument of every function: INVALID where it is needed, and nothing else. */
#include <string.h>

#include "check.h"

static void callback(const char* event_json, void* user_data) {
  (void)event_json;
  (void)user_data;
}

int main(void) {
  dtenv_session* session = NULL;
  dtenv_job* job = NULL;
  char* text = NULL;
  int32_t number = 0;
  dtenv_error* error = NULL;

  CHECK(dtenv_api_version() >= DTENV_API_VERSION);
  CHECK(strchr(dtenv_version(), '.') != NULL);
  CHECK(strstr(dtenv_build_info(), dtenv_version()) != NULL);
  CHECK(dtenv_has_feature(NULL) == 0 && dtenv_has_feature("no.such") == 0);
  CHECK(dtenv_has_feature("host.ssh") == 1);
  CHECK(strcmp(dtenv_status_name(DTENV_E_CONFIG), "CONFIG") == 0);
  CHECK(strcmp(dtenv_status_name(-12345), "UNKNOWN") == 0);
  dtenv_free(NULL);

  CHECK(dtenv_error_status(NULL) == DTENV_OK);
  CHECK(strcmp(dtenv_error_message(NULL), "") == 0);
  CHECK(strcmp(dtenv_error_json(NULL), "{}") == 0);
  dtenv_error_free(NULL);

  CHECK_STATUS(DTENV_E_INVALID, dtenv_step_kinds(NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_step_schema(NULL, &text, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_step_schema("launch", NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_document_schema(NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_validate(NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_eval(NULL, "{}", &text, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_eval("list", NULL, &text, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_eval("list", "{}", NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_eval("\377", "{}", &text, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_render(NULL, &text, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_render("{}", NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_run(NULL, "{}", NULL, &text, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_run("check", NULL, NULL, &text, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_run("check", "{}", NULL, NULL, NULL));

  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_open(NULL, DTENV_API_VERSION, NULL, NULL));
  CHECK_STATUS(DTENV_OK, dtenv_session_open(NULL, DTENV_API_VERSION, &session, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_fd(session, NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_next_event(session, 0, NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_set_secret(session, NULL, "value", NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_set_secret(session, "", "value", NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_set_secret(session, "name", NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_session_dump(session, NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_check(session, NULL, &job, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_check(session, "{}", NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_apply(session, NULL, NULL, &job, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_apply(session, "{}", NULL, NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_verify(session, NULL, &job, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_verify(session, "{}", NULL, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_destroy(session, NULL, &job, NULL));
  CHECK_STATUS(DTENV_E_INVALID, dtenv_destroy(session, "{}", NULL, NULL));

  /* What may be NULL. */
  CHECK_STATUS(DTENV_OK, dtenv_session_set_callback(session, NULL, NULL, NULL, NULL));
  CHECK_STATUS(DTENV_OK, dtenv_session_set_callback(session, callback, NULL, NULL, NULL));
  CHECK_STATUS(DTENV_OK, dtenv_session_set_callback(session, NULL, NULL, NULL, NULL));

  /* Success clears the error; failure leaves the outputs. */
  CHECK_STATUS(DTENV_E_CONFIG, dtenv_apply(session, "{\"v\": 1,", NULL, &job, &error));
  CHECK(error != NULL && strstr(dtenv_error_json(error), "\"line\":1") != NULL);
  dtenv_error_free(error);
  CHECK_STATUS(DTENV_OK, dtenv_session_fd(session, &number, &error));
  CHECK(error == NULL && number > 2 && job == NULL && text == NULL);

  dtenv_session_free(session);
  dtenv_session_free(NULL);
  dtenv_job_free(NULL);
  return 0;
}
