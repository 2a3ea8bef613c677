// TaskKind: what a task is called, and which picture it has.
#pragma once

#include <cstddef>
#include <string_view>

#include "serve/engine/task.hpp"

namespace blip::serve {

/// A kind of task, as ModelStatus names what a model can do.
enum class TaskKind { caption, answer, match, embed, classify, tag, explain };
inline constexpr std::size_t kTaskKinds = 7;

[[nodiscard]] std::string_view name_of(TaskKind kind);  ///< "caption"
[[nodiscard]] TaskKind kind_of(const TaskInput& input);

/// "queue_full"
[[nodiscard]] std::string_view name_of(FailureKind kind);
inline constexpr std::size_t kFailureKinds = 11;

/// Null: a task without a picture.
[[nodiscard]] const Picture* picture_of(const TaskInput& input);
[[nodiscard]] Picture* picture_of(TaskInput& input);

}  // namespace blip::serve
