#include "host/host.hpp"

namespace dtenv {

Task<Result<void>> Host::write(const FileWrite& file) {
  const std::span<const FileWrite> one(&file, 1);
  co_return co_await write_all(one);
}

Task<Result<Outcome>> run_ok(Host& host, const Command& command, OutputSink sink) {
  DT_CO_TRY_ASSIGN(Outcome outcome, co_await host.run(command, std::move(sink)));
  if (!outcome.ok()) co_return command_error(command, outcome);
  co_return outcome;
}

}  // namespace dtenv
