// Description: one text about the pictures of a request, as chat APIs want it: a caption, a caption
// that goes on from the prompt, or an answer.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serve/dialects/dialect.hpp"
#include "serve/dialects/text_filter.hpp"

namespace blip::serve {

struct DescriptionRequest {
  std::string model = {};  ///< as the client named it
  std::vector<Picture> pictures = {};
  std::string prompt = {};
  std::optional<PromptMode> mode = {};  ///< what a field `task` says; else the server's
  GenerationOptions generation = {};
};

/// The tasks that make it, a task a picture (ServerView::many_pictures says of which). If the named
/// model cannot do what the prompt asks for, another of the server does it; without one, and where
/// nobody insists, the named model does what it can. Throws Refusal, and invalid_argument if there
/// is no picture.
std::vector<Task> description_tasks(DescriptionRequest request, const HttpRequest& http,
                                    const ServerView& server);

/// What clients are told of how it came about.
struct Description {
  std::string text = {};
  std::string model = {};  ///< that made the first text
  std::size_t prompt_tokens = 0;
  std::size_t tokens = 0;
  bool stopped = true;              ///< false: a text was cut off at its longest length
  double mean_log_probability = 0;  ///< of the first text
  std::chrono::nanoseconds load_time{};
  std::chrono::nanoseconds queue_time{};
  std::chrono::nanoseconds prompt_time{};
  std::chrono::nanoseconds generate_time{};
  [[nodiscard]] std::chrono::nanoseconds total_time() const {
    return load_time + queue_time + prompt_time + generate_time;
  }
  /// The longest of all: they run side by side.
  void add_times_of(std::span<const TaskOutcome> outcomes);
};

/// The texts of all tasks, each once, joined by "; ". None of the tasks has failed. `choice`: which
/// text of each, if there are several.
Description description_of(std::span<const TaskOutcome> outcomes, const TextFilter& filter,
                           std::size_t choice = 0);

/// How many texts each task has made.
std::size_t num_choices(std::span<const TaskOutcome> outcomes);

}  // namespace blip::serve
