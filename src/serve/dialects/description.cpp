#include "serve/dialects/description.hpp"

#include <algorithm>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/prompt_policy.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_pictures.hpp"

namespace blip::serve {
namespace {

/// Asked of a model that only answers, if there is no question.
constexpr std::string_view kPlainQuestion = "what is in the picture?";

struct DescriptionPlan {
  std::string model;
  PromptReading reading;
};

DescriptionPlan plan_description(const DescriptionRequest& request, const ServerView& server) {
  const PromptMode mode = request.mode.value_or(server.prompt_mode);
  PromptReading reading = read_prompt(request.prompt, mode);
  const TaskKind kind =
      reading.kind == PromptReading::Kind::question ? TaskKind::answer : TaskKind::caption;
  const ModelStatus* named = named_model(server, request.model);
  if (named != nullptr && can(*named, kind)) return {named->name, std::move(reading)};
  if (const ModelStatus* other = first_model(server, kind)) {
    return {other->name, std::move(reading)};
  }
  // Somebody who insists would be misled by anything else.
  if (mode == PromptMode::automatic) {
    const TaskKind instead = kind == TaskKind::answer ? TaskKind::caption : TaskKind::answer;
    const ModelStatus* second =
        named != nullptr && can(*named, instead) ? named : first_model(server, instead);
    if (second != nullptr && instead == TaskKind::caption) return {second->name, {}};
    if (second != nullptr) {
      return {second->name,
              {.kind = PromptReading::Kind::question, .text = std::string(kPlainQuestion)}};
    }
  }
  throw Refusal(
      FailureKind::not_supported,
      named != nullptr
          ? "model " + in_quotes(named->name) + " cannot do this: " + std::string(name_of(kind))
          : "no model of this server can do this: " + std::string(name_of(kind)));
}

}  // namespace

std::vector<Task> description_tasks(DescriptionRequest request, const HttpRequest& http,
                                    const ServerView& server) {
  const DescriptionPlan plan = plan_description(request, server);
  auto& pictures = request.pictures;
  if (pictures.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "no image: this server describes images and does not chat");
  }
  check_number_of_pictures(pictures.size());
  if (server.many_pictures == ManyPictures::first) pictures.resize(1);
  if (server.many_pictures == ManyPictures::last)
    pictures.erase(pictures.begin(), pictures.end() - 1);

  std::vector<Task> tasks;
  for (auto& picture : pictures) {
    Task task{.model = plan.model, .input = CaptionTask{}, .client = http.client};
    if (plan.reading.kind == PromptReading::Kind::question) {
      task.input = AnswerTask{.picture = std::move(picture),
                              .question = plan.reading.text,
                              .generation = request.generation};
    } else {
      task.input = CaptionTask{.picture = std::move(picture),
                               .prompt = plan.reading.text,
                               .generation = request.generation};
    }
    tasks.push_back(std::move(task));
  }
  return tasks;
}

void Description::add_times_of(std::span<const TaskOutcome> outcomes) {
  for (const auto& outcome : outcomes) {
    const auto& result = std::get<TaskResult>(outcome);
    load_time = std::max(load_time, result.load_time);
    queue_time = std::max(queue_time, result.queue_time);
    prompt_time = std::max(prompt_time, result.prompt_time);
    generate_time = std::max(generate_time, result.generate_time);
  }
}

Description description_of(std::span<const TaskOutcome> outcomes, const TextFilter& filter,
                           std::size_t choice) {
  Description whole;
  whole.add_times_of(outcomes);
  std::vector<std::string> texts;
  for (const auto& outcome : outcomes) {
    const auto& result = std::get<TaskResult>(outcome);
    const auto& made = std::get<TextResult>(result.value);
    if (whole.model.empty()) whole.model = result.model;
    whole.prompt_tokens += made.prompt_tokens;
    if (choice >= made.texts.size()) continue;
    const auto& text = made.texts[choice];
    if (texts.empty()) whole.mean_log_probability = text.score.mean_log_probability;
    whole.tokens += text.tokens;
    whole.stopped = whole.stopped && text.stopped;
    std::string filtered = filter.apply(text.text);
    if (std::find(texts.begin(), texts.end(), filtered) == texts.end()) {
      texts.push_back(std::move(filtered));
    }
  }
  for (const auto& text : texts) {
    if (!whole.text.empty()) whole.text += "; ";
    whole.text += text;
  }
  return whole;
}

std::size_t num_choices(std::span<const TaskOutcome> outcomes) {
  std::size_t count = 1;
  for (const auto& outcome : outcomes) {
    count = std::max(count, result_of<TextResult>(outcome).texts.size());
  }
  return count;
}

}  // namespace blip::serve
