// What the engine answers is what the commands' own classes say: alone, in any company, in any
// order, and while others are cancelled.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/answerer.hpp"
#include "app/captioner.hpp"
#include "app/classifier.hpp"
#include "app/embedder.hpp"
#include "app/explain/explainer.hpp"
#include "app/matcher.hpp"
#include "app/tagger.hpp"
#include "app/zero_shot_classifier.hpp"
#include "engine_client.hpp"
#include "engine_tasks.hpp"
#include "serve/engine/scheduler.hpp"
#include "small_pictures.hpp"

namespace blip::serve {
namespace {

constexpr int kPictures = 20;

// Every bit of a number.
std::string exact(float number) {
  char text[40];
  std::snprintf(text, sizeof text, "%a ", static_cast<double>(number));
  return text;
}

std::string exact(std::span<const float> numbers) {
  std::string text;
  for (const float number : numbers) text += exact(number);
  return text;
}

std::string exact(const app::TextScore& score) {
  return exact(score.log_probability) + exact(score.mean_log_probability) + exact(score.score);
}

std::string exact(const std::vector<app::ScoredLabel>& labels) {
  std::string text;
  for (const auto& label : labels) text += label.label + ' ' + exact(label.score);
  return text;
}

std::string exact(const app::Explanation& explanation) {
  std::string text = explanation.text + '|';
  for (const std::string& word : explanation.words) text += word + ", ";
  return text + exact(explanation.maps.values());
}

std::string exact(const TaskOutcome& outcome) {
  if (const auto* failure = std::get_if<TaskFailure>(&outcome))
    return "FAILED: " + failure->message;
  const auto& value = std::get<TaskResult>(outcome).value;
  std::string text;
  if (const auto* texts = std::get_if<TextResult>(&value)) {
    for (const auto& each : texts->texts) text += each.text + ' ' + exact(each.score);
  } else if (const auto* matches = std::get_if<MatchResult>(&value)) {
    for (const auto& match : matches->matches) text += exact(*match.itm) + exact(match.itc);
  } else if (const auto* embedding = std::get_if<EmbeddingResult>(&value)) {
    text = exact(embedding->embeddings.values());
  } else if (const auto* labels = std::get_if<LabelsResult>(&value)) {
    text = exact(labels->labels);
  } else if (const auto* explained = std::get_if<ExplainResult>(&value)) {
    EXPECT_TRUE(explained->overlay_png.starts_with("\x89PNG"));
    text = exact(app::Explanation{
        .text = explained->text, .words = explained->words, .maps = explained->maps, .mean = {}});
  }
  return text;
}

// Whether two answers are the same but for the last bits of numbers: pictures that are encoded in
// one batch are rounded otherwise than alone, by the commands as well.
testing::AssertionResult agree(const std::string& got, const std::string& expected) {
  std::istringstream left(got);
  std::istringstream right(expected);
  std::string a;
  std::string b;
  while (true) {
    const bool has_left = static_cast<bool>(left >> a);
    const bool has_right = static_cast<bool>(right >> b);
    if (!has_left && !has_right) return testing::AssertionSuccess();
    if (!has_left || !has_right) break;
    if (a == b) continue;
    char* end_of_a = nullptr;
    char* end_of_b = nullptr;
    const double x = std::strtod(a.c_str(), &end_of_a);
    const double y = std::strtod(b.c_str(), &end_of_b);
    const bool are_numbers = *end_of_a == '\0' && *end_of_b == '\0';
    if (!are_numbers || std::abs(x - y) > 1e-4 * std::max(1.0, std::abs(y))) break;
  }
  return testing::AssertionFailure() << got << "\n is not\n" << expected;
}

// A task about a picture, and what the command's classes say.
struct Question {
  const char* name;
  std::function<TaskInput(const PictureBytes&)> input;
  std::function<std::string(const PictureBytes&)> answer;
};

class EngineAnswers : public testing::Test {
 protected:
  static void SetUpTestSuite() { the_same_ = std::make_unique<Fixture>(); }
  static void TearDownTestSuite() { the_same_.reset(); }

  struct Fixture {
    Fixture();
    std::vector<PictureBytes> pictures = small_pictures(kPictures);
    std::vector<Question> questions;
    std::vector<std::vector<std::string>> answers;  // of every question, of every picture
    Context context{{.num_threads = 2}};

    void add_captions(const char* name, const GenerationOptions& generation,
                      const std::string& prompt = "", const app::CaptionEdits& edits = {},
                      const std::vector<std::string>& banned = {});
    void add_answers(const char* name, const std::string& question,
                     const GenerationOptions& generation,
                     const std::vector<std::string>& choices = {}, std::size_t top = 1);
    void add_labels();
    void add_vectors();
    void add_explanations();
  };

  static const Fixture& known() { return *the_same_; }
  static Task task_of(std::size_t question, std::size_t picture) {
    return {.input = known().questions[question].input(known().pictures[picture])};
  }

 private:
  static std::unique_ptr<Fixture> the_same_;
};

std::unique_ptr<EngineAnswers::Fixture> EngineAnswers::the_same_;

app::PreparedImage prepared(const app::PictureReader& reader, const PictureBytes& picture) {
  return {.name = picture.name,
          .pixel_values = reader(std::as_bytes(std::span(picture.bytes)), picture.name),
          .error = {}};
}

void EngineAnswers::Fixture::add_captions(const char* name, const GenerationOptions& generation,
                                          const std::string& prompt, const app::CaptionEdits& edits,
                                          const std::vector<std::string>& banned) {
  const auto captioner = std::make_shared<app::Captioner>(
      small_model("hybrid"),
      app::CaptionOptions{
          .prompt = prompt, .generation = generation, .banned_words = banned, .edits = edits});
  questions.push_back({name,
                       [=](const PictureBytes& picture) {
                         return CaptionTask{.picture = picture,
                                            .prompt = prompt,
                                            .generation = generation,
                                            .banned_words = banned,
                                            .edits = edits};
                       },
                       [=, this](const PictureBytes& picture) {
                         const auto image = prepared(captioner->pictures(), picture);
                         const app::PreparedImage* one = &image;
                         std::string text;
                         const auto captions = captioner->caption({&one, 1}, context);
                         for (const auto& caption : captions.front()) {
                           text += caption.text + ' ' + exact(caption.score);
                         }
                         return text;
                       }});
}

void EngineAnswers::Fixture::add_answers(const char* name, const std::string& question,
                                         const GenerationOptions& generation,
                                         const std::vector<std::string>& choices, std::size_t top) {
  const auto answerer = std::make_shared<app::Answerer>(
      small_model("vqa"),
      app::AnswerOptions{.generation = generation, .answers = choices, .top = top});
  questions.push_back({name,
                       [=](const PictureBytes& picture) {
                         return AnswerTask{.picture = picture,
                                           .question = question,
                                           .generation = generation,
                                           .answers = choices,
                                           .top = top};
                       },
                       [=, this](const PictureBytes& picture) {
                         const auto image = prepared(answerer->pictures(), picture);
                         const app::PreparedImage* one = &image;
                         const auto tokens = answerer->tokens(std::span(&question, 1));
                         std::string text;
                         const auto answers_of = answerer->answer({&one, 1}, tokens, context);
                         for (const auto& answer : answers_of.front().front()) {
                           text += answer.text + ' ' + exact(answer.score);
                         }
                         return text;
                       }});
}

void EngineAnswers::Fixture::add_labels() {
  const auto classifier = std::make_shared<app::Classifier>(small_model("classifier"));
  questions.push_back(
      {"classify",
       [](const PictureBytes& picture) { return ClassifyTask{.picture = picture, .top = 3}; },
       [=, this](const PictureBytes& picture) {
         const auto image = prepared(classifier->pictures(), picture);
         const app::PreparedImage* one = &image;
         return exact(classifier->classify({&one, 1}, 3, context).front());
       }});
  const std::vector<std::string> labels = {"a cat", "a dog", "two birds"};
  const auto zero_shot = std::make_shared<app::ZeroShotClassifier>(
      small_model("itm"), app::ZeroShotOptions{.labels = {.labels = labels}}, context);
  questions.push_back({"classify by labels",
                       [=](const PictureBytes& picture) {
                         return ClassifyTask{.picture = picture, .labels = labels, .top = 0};
                       },
                       [=, this](const PictureBytes& picture) {
                         const auto image = prepared(zero_shot->pictures(), picture);
                         const app::PreparedImage* one = &image;
                         return exact(zero_shot->classify({&one, 1}, 3, context).front());
                       }});
  const auto tagger = std::make_shared<app::Tagger>(
      small_model("itm"), app::TaggerOptions{.tags = {.labels = labels}}, context);
  questions.push_back(
      {"tag",
       [=](const PictureBytes& picture) {
         return TagTask{.picture = picture, .tags = labels, .top = 2, .margin = -1};
       },
       [=, this](const PictureBytes& picture) {
         const auto image = prepared(tagger->pictures(), picture);
         const app::PreparedImage* one = &image;
         return exact(tagger->tag({&one, 1}, {.top = 2, .margin = -1}, context).front());
       }});
}

void EngineAnswers::Fixture::add_vectors() {
  const std::vector<std::string> texts = {"a cat on a sofa", "a dog"};
  const auto matcher =
      std::make_shared<app::Matcher>(small_model("itm"), TextStyle::hf, texts, context);
  questions.push_back(
      {"match",
       [=](const PictureBytes& picture) { return MatchTask{.picture = picture, .texts = texts}; },
       [=, this](const PictureBytes& picture) {
         const auto image = prepared(matcher->pictures(), picture);
         const app::PreparedImage* one = &image;
         std::string text;
         const auto matches = matcher->match({&one, 1}, context);
         for (const auto& match : matches.front()) {
           text += exact(*match.itm) + exact(match.itc);
         }
         return text;
       }});
  const auto embedder = std::make_shared<app::Embedder>(small_model("itm"), TextStyle::hf);
  questions.push_back(
      {"embed", [](const PictureBytes& picture) { return EmbedImageTask{.picture = picture}; },
       [=, this](const PictureBytes& picture) {
         const auto image = prepared(embedder->pictures(), picture);
         const app::PreparedImage* one = &image;
         return exact(embedder->embed(embedder->encode({&one, 1}, context), context).values());
       }});
  questions.push_back(
      {"embed texts",
       [=](const PictureBytes& /*picture*/) { return EmbedTextsTask{.texts = texts}; },
       [=, this](const PictureBytes& /*picture*/) {
         return exact(embedder->embed(embedder->tokens(texts), context).values());
       }});
}

void EngineAnswers::Fixture::add_explanations() {
  const std::string text = "a cat on a sofa";
  const auto explainer =
      std::make_shared<app::Explainer>(small_model("itm"), TextStyle::hf, GradCamOptions{});
  questions.push_back(
      {"explain a text",
       [=](const PictureBytes& picture) { return ExplainTask{.picture = picture, .text = text}; },
       [=, this](const PictureBytes& picture) {
         const Tensor pixels =
             explainer->pictures()(std::as_bytes(std::span(picture.bytes)), picture.name);
         return exact(explainer->explain(pixels, text, context));
       }});
  const auto captioner = std::make_shared<app::Captioner>(
      small_model("hybrid"),
      app::CaptionOptions{.prompt = "", .generation = {}, .explain = GradCamOptions{}});
  questions.push_back(
      {"explain a caption",
       [](const PictureBytes& picture) { return ExplainTask{.picture = picture}; },
       [=, this](const PictureBytes& picture) {
         const auto image = prepared(captioner->pictures(), picture);
         const app::PreparedImage* one = &image;
         return exact(*captioner->caption({&one, 1}, context).front().front().explanation);
       }});
}

EngineAnswers::Fixture::Fixture() {
  add_captions("caption", {});
  add_captions("caption with scores", {.output_scores = true});
  add_captions("beams", {.num_beams = 3, .num_return_sequences = 2, .output_scores = true});
  add_captions("sampled", {.num_return_sequences = 2, .do_sample = true, .seed = 7});
  add_captions("prompt", {.max_new_tokens = 8}, "a picture of");
  add_captions("edits", {.max_new_tokens = 12}, "a",
               {.strip_prompt = true, .prefix = "photo:", .suffix = "!", .max_characters = 30});
  add_captions("prefix", {.max_new_tokens = 12}, "", {.prefix = "photo:", .suffix = "!"});
  add_captions("banned", {.repetition_penalty = 1.3F}, "", {}, {"cat"});
  add_answers("answer", "what is it ?", {.output_scores = true});
  add_answers("answer by beams", "is there a cat ?", {.num_beams = 2});
  add_answers("choose", "what is it ?", {}, {"cat", "dog", "a bird"}, 2);
  add_labels();
  add_vectors();
  add_explanations();
  for (const Question& question : questions) {
    std::vector<std::string>& of_question = answers.emplace_back();
    for (const PictureBytes& picture : pictures) of_question.push_back(question.answer(picture));
  }
}

TEST_F(EngineAnswers, AreThoseOfTheCommandsAlone) {
  const auto engine = make_engine(small_engine());
  EngineClient client(*engine);
  for (std::size_t question = 0; question < known().questions.size(); ++question) {
    for (std::size_t picture = 0; picture < 3; ++picture) {
      EXPECT_EQ(exact(client.run(task_of(question, picture))), known().answers[question][picture])
          << known().questions[question].name << ", picture " << picture;
    }
  }
}

// The pieces are the text of the first result, however long they were kept back.
TEST_F(EngineAnswers, ComeInPiecesThatAreTheText) {
  const auto engine = make_engine(small_engine());
  EngineClient client(*engine);
  std::size_t number = 0;
  int pieces = 0;
  for (std::size_t question = 0; question < known().questions.size(); ++question) {
    for (std::size_t picture = 0; picture < 5; ++picture, ++number) {
      client.submit(number, task_of(question, picture));
      const TaskOutcome outcome = client.wait(number);
      const auto* text = std::get_if<TextResult>(&std::get<TaskResult>(outcome).value);
      const bool is_chosen =
          text != nullptr && std::string_view(known().questions[question].name) == "choose";
      if (text != nullptr && !is_chosen) {
        EXPECT_EQ(client.told(number).text, text->texts.front().text)
            << known().questions[question].name;
      }
      pieces = std::max(pieces, client.told(number).pieces);
    }
  }
  EXPECT_GT(pieces, 2);
}

struct Company {
  unsigned seed;
  std::size_t max_batch;
  std::size_t tasks;
  std::uint64_t cache_bytes;
  bool cancels;
};

class EngineInCompany : public EngineAnswers, public testing::WithParamInterface<Company> {};

TEST_P(EngineInCompany, AnswersAsAlone) {
  std::mt19937 random(GetParam().seed);
  EngineOptions options = small_engine();
  options.cache_bytes = GetParam().cache_bytes;
  options.max_batch = GetParam().max_batch;
  options.max_rows = 4 + random() % 20;
  options.max_wait = std::chrono::milliseconds(random() % 4);
  const auto engine = make_engine(options);
  EngineClient client(*engine);
  std::vector<std::pair<std::size_t, std::size_t>> asked;
  std::vector<TaskId> ids;
  std::set<std::size_t> cancelled;
  for (std::size_t number = 0; number < GetParam().tasks; ++number) {
    asked.emplace_back(random() % known().questions.size(), random() % kPictures);
    Task task = task_of(asked.back().first, asked.back().second);
    task.client = std::to_string(random() % 5);
    ids.push_back(client.submit(number, std::move(task)));
    if (random() % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    if (GetParam().cancels && random() % 3 == 0) {
      const std::size_t victim = random() % ids.size();
      engine->cancel(ids[victim]);
      if (!client.has_ended(victim)) cancelled.insert(victim);
    }
  }
  for (std::size_t number = 0; number < asked.size(); ++number) {
    if (cancelled.contains(number)) continue;
    const auto [question, picture] = asked[number];
    const std::string answer = exact(client.wait(number));
    if (options.max_batch == 1) {
      EXPECT_EQ(answer, known().answers[question][picture]) << known().questions[question].name;
    } else {
      EXPECT_TRUE(agree(answer, known().answers[question][picture]))
          << known().questions[question].name << ", picture " << picture;
    }
  }
  for (std::size_t number = 0; number < asked.size(); ++number) {
    EXPECT_EQ(client.told(number).calls_after_the_end, 0);
    EXPECT_EQ(client.has_ended(number), !cancelled.contains(number));
  }
  // Whoever worked for a cancelled task puts it down soon.
  wait_until([&] { return is_empty(*engine); });
}

INSTANTIATE_TEST_SUITE_P(Random, EngineInCompany,
                         testing::Values(Company{1, 4, 150, std::uint64_t{1} << 28, false},
                                         Company{2, 1, 150, 0, false},
                                         Company{3, 3, 150, 200'000, false},
                                         Company{4, 6, 200, std::uint64_t{1} << 28, true},
                                         Company{5, 1, 200, 100'000, true},
                                         Company{6, 2, 200, 0, true}));

}  // namespace
}  // namespace blip::serve
