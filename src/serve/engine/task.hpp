// Task: what the server is asked to do, whichever dialect asked, and what comes of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/captions/caption_edits.hpp"
#include "app/scored_label.hpp"
#include "app/text_score.hpp"
#include "blip/generation.hpp"
#include "blip/grad_cam.hpp"
#include "blip/tensor.hpp"

namespace blip::serve {

/// The bytes of a picture file in any format that can be read. Shared: a request's body, or a part
/// of it that was decoded.
struct PictureBytes {
  std::shared_ptr<const std::string> owner;  ///< keeps `bytes` alive
  std::string_view bytes;
  std::string name = "image";  ///< stands for it in messages
};
/// An http(s) URL, fetched by the server if its operator allows it.
struct PictureUrl {
  std::string url;
};
/// A file below --media-root, if there is one.
struct PicturePath {
  std::string path;
};
/// Dialects may name a picture in any way; the server has made bytes of all before it gives the
/// task to the engine.
using Picture = std::variant<PictureBytes, PictureUrl, PicturePath>;

// The kinds of tasks. Options that are not set are those of the model.

struct CaptionTask {
  Picture picture;
  std::string prompt = {};  ///< how the captions begin; empty: freely
  GenerationOptions generation = {};
  std::vector<std::string> banned_words = {};
  app::CaptionEdits edits = {};
};

struct AnswerTask {
  Picture picture;
  std::string question;
  GenerationOptions generation = {};
  std::vector<std::string> answers = {};  ///< to choose from; empty: in the model's own words
  std::size_t top = 1;                    ///< how many of `answers` are returned
  /// How many of `answers`, by their first token, are scored whole (RankOptions::k). Costs as many
  /// texts, in one go.
  int rank_k = 128;
};

struct MatchTask {
  Picture picture;
  std::vector<std::string> texts;
  /// No matching head, and the texts' vectors are remembered: for texts that come again and again.
  bool cosines_only = false;
};

struct EmbedImageTask {
  Picture picture;
};

struct EmbedTextsTask {
  std::vector<std::string> texts;
};

struct ClassifyTask {
  Picture picture;
  std::vector<std::string> labels = {};     ///< empty: the model's own
  std::vector<std::string> templates = {};  ///< of labels; empty: app::kPipelineTemplate
  std::size_t top = 5;                      ///< 0: all
};

struct TagTask {
  Picture picture;
  std::vector<std::string> tags = {};  ///< empty: the everyday tags that come with the program
  std::size_t top = 10;
  float margin = 0.0F;
};

/// Where the model looked for each word of `text`: of a captioning model's caption if it is empty.
struct ExplainTask {
  Picture picture;
  std::string text = {};
  GradCamOptions options = {};
};

using TaskInput = std::variant<CaptionTask, AnswerTask, MatchTask, EmbedImageTask, EmbedTextsTask,
                               ClassifyTask, TagTask, ExplainTask>;

struct Task {
  /// As the client named it; the engine's names of its models (ModelStatus::name). Empty: the first
  /// model that can do the task.
  std::string model = {};
  TaskInput input;
  std::string client = {};  ///< HttpRequest::client: tasks of different clients take turns
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
  /// Waits also where the queue is full, for a client that would not come again: only the memory
  /// for pictures that wait is a limit then.
  bool is_patient = false;
};

// What comes of them.

struct TextResult {  // of CaptionTask and AnswerTask
  struct Text {
    std::string text;
    app::TextScore score;
    std::size_t tokens = 0;  ///< that were generated, the stop token included
    bool stopped = true;     ///< false: cut off at max_length
  };
  std::vector<Text> texts;        ///< best first; at least one
  std::size_t prompt_tokens = 0;  ///< of the prompt or question
};

struct MatchResult {
  struct Match {
    std::optional<float> itm;
    float itc = 0.0F;
  };
  std::vector<Match> matches;  ///< of each text
};

struct EmbeddingResult {  // of EmbedImageTask and EmbedTextsTask
  Tensor embeddings;      ///< [1 or texts, D], of unit length
  int image_width = 0;    ///< of the picture as it was read, upright; 0 of texts
  int image_height = 0;
  std::size_t tokens = 0;  ///< of the texts together
};

struct LabelsResult {  // of ClassifyTask and TagTask, the best first
  std::vector<app::ScoredLabel> labels;
};

struct ExplainResult {
  std::string text;
  std::vector<std::string> words;
  Tensor maps;              ///< [words, rows, columns]
  std::string overlay_png;  ///< the mean map over the picture
};

struct TaskResult {
  std::string model;  ///< ModelStatus::name of the one that did it
  std::variant<TextResult, MatchResult, EmbeddingResult, LabelsResult, ExplainResult> value;
  std::chrono::nanoseconds load_time{};    ///< spent on loading the model
  std::chrono::nanoseconds queue_time{};   ///< until the model began
  std::chrono::nanoseconds prompt_time{};  ///< decoding the picture, vision, reading the text
  std::chrono::nanoseconds generate_time{};
};

enum class FailureKind {
  bad_request,      ///< the task makes no sense: an empty list, an option out of range
  bad_image,        ///< a picture that cannot be read
  too_large,        ///< a picture above the limit of pixels
  model_not_found,  ///< no model of that name
  not_supported,    ///< the model is there and cannot do that
  queue_full,       ///< try again later
  loading,          ///< the model is being loaded and the client would not wait
  draining,         ///< the server stops
  timed_out,        ///< the task's deadline has passed
  cancelled,        ///< the client is gone; nobody reads this
  internal,         ///< everything else
};

struct TaskFailure {
  FailureKind kind = FailureKind::internal;
  std::string message;  ///< one line for a person
};

using TaskOutcome = std::variant<TaskResult, TaskFailure>;

}  // namespace blip::serve
