#include "host/patient_dial.hpp"

#include "base/deadline.hpp"
#include "base/digest.hpp"

namespace dtenv {

namespace {

constexpr int max_retries = 3;

/// 1, 2, 4 s, and up to half of that again, so that many controllers do not come back at once.
Duration backoff(int attempt) {
  const auto whole = std::chrono::milliseconds(1000) * (1 << attempt);
  const auto jitter = static_cast<unsigned char>(random_bytes(1)[0]);
  return whole + whole * jitter / 512;
}

}  // namespace

Task<Result<void>> dial_patiently(DialOnce dial) {
  for (int attempt = 0;; ++attempt) {
    auto failure = co_await dial();
    if (!failure) co_return Result<void>{};
    if (!failure->retry || attempt == max_retries) co_return failure->error;
    co_await pause(backoff(attempt));
  }
}

}  // namespace dtenv
