// The native API: captions and answers.
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "serve/dialects/json_numbers.hpp"
#include "serve/dialects/native_work.hpp"
#include "serve/dialects/refusal.hpp"

namespace blip::serve {
namespace {

NativeJson scores_of_text(const TextResult::Text& text) {
  return {{"log_probability", json_number(text.score.log_probability)},
          {"mean_log_probability", json_number(text.score.mean_log_probability)},
          {"score", json_number(text.score.score)}};
}

}  // namespace

Plan native_caption(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  CaptionTask caption{.picture = work.only_picture(),
                      .prompt = work.fields.string("prompt").value_or(""),
                      .generation = native_generation(work.fields),
                      .banned_words = work.list("ban_words")};
  caption.edits.strip_prompt = work.fields.boolean("strip_prompt").value_or(false);
  if (const auto characters = whole_number(work.fields, "max_chars", {1, 100'000})) {
    caption.edits.max_characters = static_cast<std::uint64_t>(*characters);
  }
  return native_text_work(work, {work.task(std::move(caption))}, [](TaskOutcomes outcomes) {
    NativeJson body = native_answer_of(outcomes);
    body["captions"] = NativeJson::array();
    for (const auto& text : result_of<TextResult>(outcomes.front()).texts) {
      NativeJson caption_of_text = {{"caption", text.text}};
      caption_of_text.update(scores_of_text(text));
      body["captions"].push_back(std::move(caption_of_text));
    }
    return body;
  });
}

Plan native_ask(const HttpRequest& http, const ServerView& server) {
  NativeWork work{.http = &http, .server = &server};
  const auto questions = work.texts("question", "questions");
  // The engine reads the picture once, however many questions there are; each is a task.
  constexpr std::size_t kMaxQuestions = 64;
  if (questions.size() > kMaxQuestions) {
    throw Error(ErrorCode::limit_exceeded, "request: more than 64 questions");
  }
  const Picture picture = work.only_picture();
  std::vector<Task> tasks;
  for (const auto& question : questions) {
    tasks.push_back(work.task(AnswerTask{.picture = picture,
                                         .question = question,
                                         .generation = native_generation(work.fields),
                                         .answers = work.list("answers"),
                                         .top = work.top(1)}));
  }
  return native_text_work(work, std::move(tasks), [questions](TaskOutcomes outcomes) {
    NativeJson body = native_answer_of(outcomes);
    body["answers"] = NativeJson::array();
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      for (const auto& text : result_of<TextResult>(outcomes[i]).texts) {
        NativeJson answer = {{"question", questions[i]}, {"answer", text.text}};
        answer.update(scores_of_text(text));
        body["answers"].push_back(std::move(answer));
      }
    }
    return body;
  });
}

}  // namespace blip::serve
