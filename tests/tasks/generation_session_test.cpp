// Continuous batching with real decoders: what a request gets does not depend on its company.
#include "blip/generation_session.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "../core/expect_error.hpp"
#include "../generate/random_schedules.hpp"
#include "../model/random_text_model.hpp"
#include "model/text_decoder.hpp"
#include "small_model.hpp"

namespace blip {
namespace {

constexpr std::int64_t kImageTokens = 19;
constexpr std::uint32_t kImages = 3;  // so few that requests share them

struct DecoderParts {
  DecoderParts() {
    const std::vector<std::int64_t> lengths(kImages, kImageTokens);
    images = random.model.attend_to(
        random.values(kImages * kImageTokens * RandomTextModel::kStates), lengths, context);
  }
  RandomTextModel random;
  Context context{{.num_threads = 2}};
  std::vector<CrossAttentionCache> images;
};

class ModelScheduleDecoder : public ScheduleDecoder {
 public:
  explicit ModelScheduleDecoder(DecoderParts& parts)
      : parts_(parts), decoder_(parts.random.model, parts.random.head) {}
  int add_image(std::uint32_t name) override { return decoder_.add_image(parts_.images.at(name)); }
  void remove_image(int slot) override { decoder_.remove_image(slot); }
  std::span<const float> step(std::span<const DecodeRow> rows) override {
    return decoder_.step(rows, parts_.context);
  }

 private:
  DecoderParts& parts_;
  TextDecoder decoder_;
};

// Prompts, beams and return sequences from few to so many that the other kernels are taken.
constexpr ScheduleLimits kWide{.decoder = {.stop_token_id = 3,
                                           .vocab_size = RandomTextModel::kVocabulary,
                                           .max_position_embeddings = 150},
                               .images = kImages,
                               .prompt_length = 40,
                               .new_tokens = 8,
                               .beams = 10,
                               .return_sequences = 30};

TEST(TextDecoderSession, RequestsAreWhatTheyAreAloneToTheLastBit) {
  DecoderParts parts;
  run_schedules(40, kWide, [&] { return std::make_unique<ModelScheduleDecoder>(parts); });
}

TEST(TextDecoderSession, GivesMemoryBack) {
  DecoderParts parts;
  TextDecoder decoder(parts.random.model, parts.random.head);
  GenerationSession session;
  const auto add = [&](int beams) {
    const int slot = decoder.add_image(parts.images[0]);
    session.add(
        {.image = slot,
         .prompt = std::vector<TokenId>(20, 1),
         .settings = resolve_settings(
             {}, {.max_new_tokens = 20, .min_new_tokens = 20, .num_beams = beams}, kWide.decoder)});
    return slot;
  };
  const auto run = [&](int beams) {
    const int slot = add(beams);
    while (session.size() > 0) {
      session.step([&](auto rows) { return decoder.step(rows, parts.context); });
    }
    decoder.remove_image(slot);
    return decoder.cache_bytes();
  };
  const std::size_t one = run(1);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(run(1), one);
  EXPECT_EQ(run(40), one);  // 860 cells of 64 a page have come and gone
}

using Requests = std::vector<GenerationOptions>;
const Requests kRequests = {
    {.max_new_tokens = 12, .output_scores = true},
    {.max_new_tokens = 12, .num_beams = 4, .num_return_sequences = 2},
    {.max_new_tokens = 6, .num_return_sequences = 3, .do_sample = true, .seed = 3},
    {.max_new_tokens = 12, .num_beams = 3, .repetition_penalty = 1.3F},
    {.max_new_tokens = 12, .num_beams = 9, .do_sample = true, .seed = 5},
    {.max_new_tokens = 12, .no_repeat_ngram_size = 2, .output_scores = true},
};

// Adds a request after every second step, cancels every fourth, and compares the others with
// `alone`, which generates for one image and one text.
template <typename Alone>
void expect_as_alone(BlipGenerationSession session, std::span<const EncodedImage> images,
                     const std::vector<std::vector<TokenId>>& texts, Context& context,
                     const Alone& alone) {
  std::map<RequestId, std::size_t> added;
  std::vector<FinishedRequest> finished;
  const std::size_t count = 2 * kRequests.size();
  std::size_t cancelled = 0;
  for (std::size_t time = 0; time < 2 * count || !session.empty(); ++time) {
    if (time % 2 == 0 && time / 2 < count) {
      const std::size_t i = time / 2;
      const RequestId id = session.add(images[i % images.size()], texts[i % texts.size()],
                                       kRequests[i % kRequests.size()], {}, context);
      if (i % 4 == 3) {
        session.step(context);
        cancelled += session.cancel(id) ? 1 : 0;
        continue;
      }
      added[id] = i;
    }
    session.step(context);
    for (FinishedRequest& each : session.take_finished()) finished.push_back(std::move(each));
  }
  EXPECT_EQ(cancelled, count / 4);
  EXPECT_EQ(finished.size(), added.size());
  for (const FinishedRequest& each : finished) {
    ASSERT_EQ(each.error, nullptr);
    const std::size_t i = added.at(each.id);
    expect_same(
        {each.sequences, {}, {}},
        {alone(images[i % images.size()], texts[i % texts.size()], kRequests[i % kRequests.size()]),
         {},
         {}},
        "request " + std::to_string(i));
  }
}

TEST(BlipGenerationSession, CaptionsAreThoseOfTheModelItself) {
  constexpr const char* kModel = BLIP_SOURCE_DIR "/tests/models/nano";
  const BlipProcessor processor = BlipProcessor::from_pretrained(kModel);
  const std::vector<std::vector<TokenId>> prompts = {
      {}, processor.tokenizer().encode("a photo of"), processor.tokenizer().encode("two"), {}, {}};
  Context context({.num_threads = 2});
  for (const WeightType type : {WeightType::stored, WeightType::i8}) {
    const auto model = BlipForConditionalGeneration::from_pretrained(kModel, {.weight_type = type});
    std::vector<EncodedImage> images;
    for (const char* photo : {"cat.jpg", "motorcycle.jpg", "skateboarder.jpg"}) {
      const auto image = Image::open(BLIP_SOURCE_DIR "/examples/photos/" + std::string(photo));
      images.push_back(model.encode_images(processor(image).pixel_values, context).front());
    }
    expect_as_alone(model.start_session(), images, prompts, context,
                    [&](const EncodedImage& image, const std::vector<TokenId>& prompt,
                        const GenerationOptions& options) {
                      return model.generate_sequences(std::span(&image, 1),
                                                      std::span(&prompt, prompt.empty() ? 0 : 1),
                                                      options, context);
                    });
  }
}

class AnsweringSession : public ::testing::Test {
 protected:
  SmallModel<BlipForQuestionAnswering> small_{"vqa"};
};

TEST_F(AnsweringSession, AnswersAreThoseOfTheModelItself) {
  const std::vector<std::vector<TokenId>> questions = {
      small_.encode("how many dogs?"), small_.encode("what is it?"),
      small_.encode("is the man in the photo on a red motorcycle?")};
  for (const TextStyle style : {TextStyle::hf, TextStyle::original}) {
    expect_as_alone(small_.model.start_session(style), small_.images, questions, small_.context,
                    [&](const EncodedImage& image, const std::vector<TokenId>& question,
                        const GenerationOptions& options) {
                      return small_.model.generate_sequences(std::span(&image, 1),
                                                             std::span(&question, 1), options,
                                                             style, small_.context);
                    });
  }
}

TEST_F(AnsweringSession, RefusesABadRequestAndGoesOn) {
  BlipGenerationSession session = small_.model.start_session();
  const auto add = [&](const std::vector<TokenId>& question, const GenerationOptions& options) {
    session.add(small_.images[0], question, options, {}, small_.context);
  };
  expect_error(ErrorCode::invalid_argument, "a text has no tokens", [&] { add({}, {}); });
  expect_error(ErrorCode::invalid_argument, "token id 9999", [&] { add({2, 9999, 3}, {}); });
  expect_error(ErrorCode::invalid_argument, "num_beams", [&] { add({2, 3}, {.num_beams = 0}); });
  expect_error(ErrorCode::invalid_argument, "max_length", [&] { add({2, 3}, {.max_length = 1}); });
  EXPECT_TRUE(session.empty());
  add(small_.encode("what is it?"), {});
  while (!session.empty()) session.step(small_.context);
  EXPECT_EQ(session.take_finished().size(), 1U);
}

TEST_F(AnsweringSession, AStopEndsARequestWithAnError) {
  BlipGenerationSession session = small_.model.start_session();
  std::stop_source stop;
  GenerationProgress last;
  const auto question = small_.encode("what is it?");
  const GenerationOptions options{.min_new_tokens = 5};
  session.add(small_.images[0], question, options,
              {.on_progress = [&](const GenerationProgress& progress) { last = progress; },
               .stop = stop.get_token()},
              small_.context);
  session.step(small_.context);
  EXPECT_EQ(last.steps, 1U);
  EXPECT_EQ(last.total, 1U);
  stop.request_stop();
  session.step(small_.context);
  EXPECT_TRUE(session.empty());
  const auto finished = session.take_finished();
  ASSERT_EQ(finished.size(), 1U);
  expect_error(ErrorCode::cancelled, "cancelled",
               [&] { std::rethrow_exception(finished[0].error); });
  expect_error(ErrorCode::cancelled, "cancelled", [&] {
    (void)small_.model.generate_sequences(std::span(small_.images).first(1),
                                          std::span(&question, 1), options, TextStyle::hf,
                                          small_.context, {.stop = stop.get_token()});
  });
}

// The model is shared, a session and its Context belong to one thread.
TEST_F(AnsweringSession, ThreadsMayEachHaveASessionOfOneModel) {
  const auto question = small_.encode("how many dogs?");
  const auto expected =
      small_.model.generate_sequences(std::span(small_.images).first(1), std::span(&question, 1),
                                      {.num_beams = 3}, TextStyle::hf, small_.context);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      Context context({.num_threads = 2});
      BlipGenerationSession session = small_.model.start_session();
      for (int request = 0; request < 3; ++request) {
        session.add(small_.images[0], question, {.num_beams = 3}, {}, context);
        session.step(context);
      }
      while (!session.empty()) session.step(context);
      for (const FinishedRequest& finished : session.take_finished()) {
        expect_same({finished.sequences, {}, {}}, {expected, {}, {}}, "thread");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace blip
