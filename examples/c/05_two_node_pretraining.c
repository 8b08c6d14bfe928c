/* How do I take two machines from bare to training, showing the plan before anything is changed?
 *   build: cc 05_two_node_pretraining.c $(pkg-config --cflags --libs dtenv) -o
 * 05_two_node_pretraining run:   ./05_two_node_pretraining examples/environments/two_nodes.json
 * report.json
 */
#include <dtenv/dtenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char* read_file(const char* path) {
  FILE* file = fopen(path, "rb");
  char* text = NULL;
  long size = -1;
  if (file != NULL && fseek(file, 0, SEEK_END) == 0) size = ftell(file);
  if (size >= 0) text = malloc((size_t)size + 1);
  if (text != NULL) {
    rewind(file);
    text[fread(text, 1, (size_t)size, file)] = '\0';
  }
  if (file != NULL) fclose(file);
  return text;
}

/* What a program on the machines says (the ranks of the training, say) and what was changed. */
static dtenv_status follow(dtenv_session* session, dtenv_error** error) {
  int running = 1;
  while (running) {
    char* event = NULL;
    dtenv_status status = dtenv_session_next_event(session, -1, &event, error);
    if (status < DTENV_OK) return status;
    if (status == DTENV_EMPTY) continue;
    if (strstr(event, "\"output\"") != NULL || strstr(event, "\"change.") != NULL) puts(event);
    if (strstr(event, "\"job.finished\"") != NULL) running = 0;
    dtenv_free(event);
  }
  return DTENV_OK;
}

static dtenv_status show(const char* plan_or_report, dtenv_error** error) {
  char* text = NULL;
  dtenv_status status = dtenv_render(plan_or_report, &text, error);
  if (status == DTENV_OK) fputs(text, stdout);
  dtenv_free(text);
  return status;
}

static void write_file(const char* path, const char* text) {
  FILE* file = fopen(path, "wb");
  if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) perror(path);
}

int main(int argc, char** argv) {
  char* environment = argc == 3 ? read_file(argv[1]) : NULL;
  char* plan = NULL;
  char* report = NULL;
  dtenv_session* session = NULL;
  dtenv_job* check = NULL;
  dtenv_job* apply = NULL;
  dtenv_error* error = NULL;
  int exit_code = 1;

  if (environment == NULL) {
    fprintf(stderr, "usage: %s environment.json report.json\n", argv[0]);
    return 2;
  }

  /* One session: each machine is dialled once, for the check and for the apply. The plan that was
   * shown bounds the apply: whatever else it would do ends it with PLAN_STALE. */
  if (dtenv_session_open(NULL, DTENV_API_VERSION, &session, &error) == DTENV_OK &&
      dtenv_check(session, environment, &check, &error) == DTENV_OK &&
      follow(session, &error) == DTENV_OK && dtenv_job_wait(check, -1, &error) == DTENV_OK &&
      dtenv_job_plan(check, &plan, &error) == DTENV_OK && show(plan, &error) == DTENV_OK &&
      dtenv_apply(session, environment, plan, &apply, &error) == DTENV_OK &&
      follow(session, &error) == DTENV_OK && dtenv_job_report(apply, &report, &error) == DTENV_OK &&
      show(report, &error) == DTENV_OK) {
    write_file(argv[2], report);
    if (dtenv_job_wait(apply, -1, &error) == DTENV_OK) exit_code = 0;
  }
  if (exit_code != 0)
    fprintf(stderr, "%s: %s\n", dtenv_status_name(dtenv_error_status(error)),
            dtenv_error_message(error));

  dtenv_free(report);
  dtenv_free(plan);
  dtenv_error_free(error);
  dtenv_job_free(apply);
  dtenv_job_free(check);
  dtenv_session_free(session);
  free(environment);
  return exit_code;
}
