#pragma once

#include "steps/step.hpp"

namespace dtenv {

/// Runs apt-get. A lock that another program holds is waited for, `patience` in all, and progress
/// says who holds it: apt itself waits for dpkg's as long as its words say, for that of its lists
/// it is asked again. TIMEOUT with the holder's name where it is not released.
Task<Result<Outcome>> run_when_unlocked(Target& target, const Command& command, Duration patience,
                                        OutputSink sink = {});

}  // namespace dtenv
