#include "steps/step.hpp"

namespace dtenv {

std::string_view action_name(Action action) {
  switch (action) {
    case Action::create:
      return "create";
    case Action::update:
      return "update";
    case Action::remove:
      return "remove";
    case Action::run:
      return "run";
    case Action::reload:
      return "reload";
    case Action::restart:
      return "restart";
  }
  return "";
}

SharedText Target::keep(std::string text) {
  return texts ? texts->keep(std::move(text))
               : std::make_shared<const std::string>(std::move(text));
}

}  // namespace dtenv
