#include "serve/engine/task_kind.hpp"

#include <array>
#include <utility>
#include <variant>

namespace blip::serve {

std::string_view name_of(TaskKind kind) {
  constexpr std::array<std::string_view, kTaskKinds> kNames = {
      "caption", "answer", "match", "embed", "classify", "tag", "explain"};
  return kNames[static_cast<std::size_t>(kind)];
}

TaskKind kind_of(const TaskInput& input) {
  // In the order of the variant.
  constexpr std::array<TaskKind, std::variant_size_v<TaskInput>> kKinds = {
      TaskKind::caption, TaskKind::answer,   TaskKind::match, TaskKind::embed,
      TaskKind::embed,   TaskKind::classify, TaskKind::tag,   TaskKind::explain};
  return kKinds[input.index()];
}

std::string_view name_of(FailureKind kind) {
  constexpr std::array<std::string_view, kFailureKinds> kNames = {
      "bad_request", "bad_image", "too_large", "model_not_found", "not_supported", "queue_full",
      "loading",     "draining",  "timed_out", "cancelled",       "internal"};
  return kNames[static_cast<std::size_t>(kind)];
}

const Picture* picture_of(const TaskInput& input) {
  return std::visit(
      [](const auto& each) -> const Picture* {
        if constexpr (requires { each.picture; }) {
          return &each.picture;
        } else {
          return nullptr;
        }
      },
      input);
}

Picture* picture_of(TaskInput& input) {
  return const_cast<Picture*>(picture_of(std::as_const(input)));
}

}  // namespace blip::serve
