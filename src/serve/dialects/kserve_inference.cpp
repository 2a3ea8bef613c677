#include "serve/dialects/kserve_inference.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/unicode.hpp"
#include "serve/dialects/base64.hpp"
#include "serve/dialects/kserve_tensors.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/native_request.hpp"
#include "serve/dialects/prompt_policy.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/request_pictures.hpp"

namespace blip::serve {
namespace {

// What an inference is: its task, its tensors, and how many results a picture has.
struct KserveInference {
  const ServerView& server;
  const ModelStatus& model;
  KserveRequest request;
  TaskKind kind = TaskKind::caption;

  [[nodiscard]] const KserveInput* input(std::initializer_list<std::string_view> names) const {
    for (const auto name : names) {
      if (const auto* found = request.find(name)) return found;
    }
    return nullptr;
  }
  [[nodiscard]] bool wants(std::string_view output) const {
    return std::any_of(request.outputs.begin(), request.outputs.end(),
                       [&](const KserveOutput& wanted) { return wanted.name == output; });
  }
};

std::vector<std::string> kserve_texts(const KserveInput* input) {
  std::vector<std::string> texts;
  if (input == nullptr) return texts;
  for (const auto element : input->elements) {
    if (!is_valid_utf8(element)) {
      throw Error(ErrorCode::invalid_argument, "input " + in_quotes(input->name) + ": not UTF-8");
    }
    texts.emplace_back(element);
  }
  return texts;
}

std::vector<Picture> kserve_pictures(const KserveInput* input) {
  std::vector<Picture> pictures;
  if (input == nullptr) return pictures;
  check_number_of_pictures(input->elements.size());
  for (const auto element : input->elements) {
    if (!input->binary) {
      pictures.push_back(picture_of_text(element, input->name));
    } else if (element.empty()) {
      throw Refusal(FailureKind::bad_image, "input " + in_quotes(input->name) + ": it is empty");
    } else {
      pictures.push_back(PictureBytes{.owner = input->owner, .bytes = element});
    }
  }
  return pictures;
}

// What the outputs or the inputs ask for, else the first thing that the model does with a picture.
TaskKind kserve_kind(const KserveInference& inference) {
  if (inference.wants("answer")) return TaskKind::answer;
  if (inference.wants("caption")) return TaskKind::caption;
  if (inference.wants("embedding")) return TaskKind::embed;
  const bool image = inference.input({"image"}) != nullptr;
  if (inference.input({"question"}) != nullptr) return TaskKind::answer;
  if (inference.input({"labels"}) != nullptr) return TaskKind::classify;
  if (inference.input({"text"}) != nullptr) return image ? TaskKind::match : TaskKind::embed;
  if (inference.wants("label") && !can(inference.model, TaskKind::classify)) return TaskKind::tag;
  if (inference.wants("label")) return TaskKind::classify;
  const std::array kinds = {TaskKind::caption, TaskKind::answer, TaskKind::classify,
                            TaskKind::embed};
  const auto found = std::find_if(kinds.begin(), kinds.end(),
                                  [&](TaskKind kind) { return can(inference.model, kind); });
  return found != kinds.end() ? *found : TaskKind::caption;
}

// A task of each picture, with the text of its own or the only one.
std::string text_of_picture(const std::vector<std::string>& texts, std::size_t picture,
                            std::size_t pictures, std::string_view name) {
  if (texts.empty()) return {};
  if (texts.size() == 1) return texts.front();
  if (texts.size() != pictures) {
    throw Error(ErrorCode::invalid_argument, "input " + in_quotes(name) + ": " +
                                                 std::to_string(texts.size()) + " texts for " +
                                                 std::to_string(pictures) + " images");
  }
  return texts[picture];
}

TaskInput kserve_text_task(const KserveInference& inference, Picture picture,
                           const std::string& text, const GenerationOptions& generation) {
  if (inference.kind == TaskKind::answer) {
    if (text.empty()) throw Error(ErrorCode::invalid_argument, "input \"question\" is needed");
    return AnswerTask{.picture = std::move(picture), .question = text, .generation = generation};
  }
  return CaptionTask{.picture = std::move(picture), .prompt = text, .generation = generation};
}

std::vector<TaskInput> kserve_task_inputs(KserveInference& inference) {
  auto pictures = kserve_pictures(inference.input({"image"}));
  const KserveInput* given = inference.input({"prompt", "question", "text"});
  const auto texts = kserve_texts(given);
  const auto labels = kserve_texts(inference.input({"labels"}));
  std::vector<TaskInput> inputs;
  if (inference.kind == TaskKind::embed && pictures.empty()) {
    if (texts.empty()) throw Error(ErrorCode::invalid_argument, "input \"image\" is needed");
    return {EmbedTextsTask{texts}};
  }
  if (pictures.empty()) throw Error(ErrorCode::invalid_argument, "input \"image\" is needed");
  nlohmann::json options = inference.request.parameters;
  const auto generation = native_generation(JsonFields(options, "parameters"));
  constexpr int kMaxTop = 4096;
  const auto top = whole_number(JsonFields(options, "parameters"), "top", {1, kMaxTop});
  if (generation.num_return_sequences.value_or(1) != 1) {
    throw Refusal(FailureKind::not_supported, "parameters: num_return_sequences must be 1");
  }
  // A question in `prompt` is answered by a model that can, unless captions are asked for.
  if (inference.kind == TaskKind::caption && texts.size() == 1 &&
      inference.request.find("prompt") != nullptr && !inference.wants("caption") &&
      can(inference.model, TaskKind::answer) &&
      read_prompt(texts.front(), inference.server.prompt_mode).kind ==
          PromptReading::Kind::question) {
    inference.kind = TaskKind::answer;
  }
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    switch (inference.kind) {
      case TaskKind::match:
        inputs.emplace_back(MatchTask{.picture = std::move(pictures[i]), .texts = texts});
        break;
      case TaskKind::embed:
        inputs.emplace_back(EmbedImageTask{std::move(pictures[i])});
        break;
      case TaskKind::classify:
        inputs.emplace_back(ClassifyTask{.picture = std::move(pictures[i]),
                                         .labels = labels,
                                         .top = static_cast<std::size_t>(top.value_or(5))});
        break;
      case TaskKind::tag:
        inputs.emplace_back(TagTask{.picture = std::move(pictures[i]),
                                    .tags = labels,
                                    .top = static_cast<std::size_t>(top.value_or(10))});
        break;
      default:
        inputs.push_back(kserve_text_task(
            inference, std::move(pictures[i]),
            text_of_picture(texts, i, pictures.size(), given != nullptr ? given->name : ""),
            generation));
    }
  }
  return inputs;
}

// Each of the functions below: outcomes of the pictures, none failed → tensors.

std::vector<KserveResult> text_tensors(std::span<const TaskOutcome> outcomes, const char* name) {
  const auto count = static_cast<std::int64_t>(outcomes.size());
  KserveResult texts{.name = name, .shape = {count}, .is_text = true};
  KserveResult scores{.name = "score", .shape = {count}};
  for (const auto& outcome : outcomes) {
    const auto& best = result_of<TextResult>(outcome).texts.front();
    texts.texts.push_back(best.text);
    scores.numbers.push_back(best.score.mean_log_probability);
  }
  return {std::move(texts), std::move(scores)};
}

std::vector<KserveResult> match_tensors(std::span<const TaskOutcome> outcomes) {
  KserveResult scores{.name = "score", .shape = {}};
  std::size_t texts = 0;
  for (const auto& outcome : outcomes) {
    const auto& matches = result_of<MatchResult>(outcome).matches;
    texts = matches.size();
    for (const auto& match : matches) scores.numbers.push_back(match.itm.value_or(match.itc));
  }
  scores.shape = {static_cast<std::int64_t>(outcomes.size()), static_cast<std::int64_t>(texts)};
  return {std::move(scores)};
}

std::vector<KserveResult> embedding_tensors(std::span<const TaskOutcome> outcomes) {
  KserveResult rows{.name = "embedding", .shape = {0, 0}};
  for (const auto& outcome : outcomes) {
    const Tensor& embeddings = result_of<EmbeddingResult>(outcome).embeddings;
    rows.shape[0] += embeddings.shape.front();
    rows.shape[1] = embeddings.shape.back();
    rows.numbers.insert(rows.numbers.end(), embeddings.data.begin(), embeddings.data.end());
  }
  return {std::move(rows)};
}

// Tags of pictures are of different numbers: shorter lists are filled with "" and 0.
std::vector<KserveResult> label_tensors(std::span<const TaskOutcome> outcomes) {
  std::size_t longest = 0;
  for (const auto& outcome : outcomes) {
    longest = std::max(longest, result_of<LabelsResult>(outcome).labels.size());
  }
  const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(outcomes.size()),
                                           static_cast<std::int64_t>(longest)};
  KserveResult names{.name = "label", .shape = shape, .is_text = true};
  KserveResult scores{.name = "score", .shape = shape};
  for (const auto& outcome : outcomes) {
    const auto& labels = result_of<LabelsResult>(outcome).labels;
    for (std::size_t i = 0; i < longest; ++i) {
      names.texts.push_back(i < labels.size() ? labels[i].label : "");
      scores.numbers.push_back(i < labels.size() ? labels[i].score : 0.0F);
    }
  }
  return {std::move(names), std::move(scores)};
}

std::vector<KserveResult> kserve_results(TaskKind kind, std::span<const TaskOutcome> outcomes) {
  switch (kind) {
    case TaskKind::answer:
      return text_tensors(outcomes, "answer");
    case TaskKind::match:
      return match_tensors(outcomes);
    case TaskKind::embed:
      return embedding_tensors(outcomes);
    case TaskKind::classify:
    case TaskKind::tag:
      return label_tensors(outcomes);
    default:
      return text_tensors(outcomes, "caption");
  }
}

std::vector<std::string_view> output_names(TaskKind kind) {
  switch (kind) {
    case TaskKind::answer:
      return {"answer", "score"};
    case TaskKind::match:
      return {"score"};
    case TaskKind::embed:
      return {"embedding"};
    case TaskKind::classify:
    case TaskKind::tag:
      return {"label", "score"};
    default:
      return {"caption", "score"};
  }
}

void check_tensor_names(const KserveInference& inference) {
  const std::array known = {"image", "prompt", "question", "text", "labels"};
  for (const auto& input : inference.request.inputs) {
    if (std::find(known.begin(), known.end(), input.name) == known.end()) {
      throw Error(ErrorCode::invalid_argument,
                  "unexpected input " + in_quotes(input.name) +
                      ": image, prompt, question, text and labels are known");
    }
  }
  const auto given = output_names(inference.kind);
  for (const auto& output : inference.request.outputs) {
    if (std::find(given.begin(), given.end(), output.name) == given.end()) {
      throw Error(ErrorCode::invalid_argument, "unexpected output " + in_quotes(output.name));
    }
  }
}

// parameters.timeout is in microseconds.
std::optional<std::chrono::steady_clock::time_point> kserve_deadline(const KserveRequest& request) {
  constexpr double kMaxMicroseconds = 1e12;
  const auto timeout =
      JsonFields(request.parameters, "parameters").number("timeout", {0, kMaxMicroseconds});
  if (!timeout || *timeout < 1) return std::nullopt;
  return std::chrono::steady_clock::now() +
         std::chrono::microseconds(static_cast<std::int64_t>(*timeout));
}

}  // namespace

Work kserve_inference(const ModelStatus& named, std::string_view name, const HttpRequest& http,
                      const ServerView& server, const FailureResponse& failure_response) {
  KserveInference inference{.server = server, .model = named, .request = read_kserve_request(http)};
  inference.kind = kserve_kind(inference);
  auto inputs = kserve_task_inputs(inference);
  check_tensor_names(inference);
  const std::string model = model_for(server, inference.model.name, inference.kind);
  const auto deadline = kserve_deadline(inference.request);
  std::vector<Task> tasks;
  for (auto& input : inputs) {
    tasks.push_back(
        {.model = model, .input = std::move(input), .client = http.client, .deadline = deadline});
  }
  nlohmann::ordered_json head = {{"model_name", std::string(name)},
                                 {"model_version", kKserveVersion}};
  if (!inference.request.id.empty()) head["id"] = inference.request.id;
  inference.request.inputs.clear();  // the tasks hold what they need
  return Work{.tasks = std::move(tasks),
              .respond = [kind = inference.kind, head, request = std::move(inference.request),
                          failure_response](std::span<const TaskOutcome> outcomes) {
                if (const auto* failure = first_failure(outcomes))
                  return failure_response(*failure);
                return kserve_response(head, request, kserve_results(kind, outcomes));
              }};
}

}  // namespace blip::serve
