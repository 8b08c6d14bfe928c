#pragma once

#include <functional>
#include <string>
#include <thread>

namespace dtenv {

/// A thread of ours in somebody else's process: no signal is delivered to it.
std::thread start_thread(const std::string& name, std::function<void()> body);

}  // namespace dtenv
