// What texts beside a picture mean, which model is meant, and how clients ask for text.
#include "serve/dialects/prompt_policy.hpp"

#include <gtest/gtest.h>

#include "blip/error.hpp"
#include "dialect_trial.hpp"
#include "serve/dialects/client_sampling.hpp"
#include "serve/dialects/message_prompt.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/refusal.hpp"
#include "serve/dialects/request_json.hpp"
#include "serve/dialects/timestamps.hpp"

namespace blip::serve {
namespace {

using Kind = PromptReading::Kind;

Kind kind_of_prompt(std::string_view prompt) {
  return read_prompt(prompt, PromptMode::automatic).kind;
}

TEST(PromptPolicy, QuestionsAreAnswered) {
  for (const char* prompt : {"is there a cat?", "What animal is this?", "what is this",
                             "How many dogs are there", "can you see a cat?",
                             "Is there, among all of the many things that lie on this table, a "
                             "red apple?"}) {
    EXPECT_EQ(kind_of_prompt(prompt), Kind::question) << prompt;
  }
  EXPECT_EQ(read_prompt("  is it a cat?\n", PromptMode::automatic).text, "is it a cat?");
}

TEST(PromptPolicy, InstructionsAskForAPlainCaption) {
  for (const char* prompt :
       {"", "  ", "Describe", "describe this image.", "Please describe the picture",
        "Can you describe this image?", "Create a caption with exactly one sentence",
        "Provide exactly one sentence describing the photo", "Analyze the image",
        "You are a photo archivist", "a b c d e f g h i j k l m"}) {
    EXPECT_EQ(kind_of_prompt(prompt), Kind::caption) << prompt;
    EXPECT_EQ(read_prompt(prompt, PromptMode::automatic).text, "") << prompt;
  }
}

TEST(PromptPolicy, OtherShortTextsAreThePrefix) {
  for (const char* prompt : {"a picture of", "a photography of", "two"}) {
    EXPECT_EQ(kind_of_prompt(prompt), Kind::prefix) << prompt;
  }
}

TEST(PromptPolicy, TheModeOverrides) {
  EXPECT_EQ(read_prompt("is it?", PromptMode::ignore).kind, Kind::caption);
  EXPECT_EQ(read_prompt("is it?", PromptMode::prefix).kind, Kind::prefix);
  EXPECT_EQ(read_prompt("describe", PromptMode::vqa).kind, Kind::question);
  EXPECT_EQ(read_prompt("", PromptMode::vqa).kind, Kind::caption);
  EXPECT_EQ(prompt_mode_of("vqa"), PromptMode::vqa);
  EXPECT_EQ(prompt_mode_of("caption"), PromptMode::ignore);
  EXPECT_THROW((void)prompt_mode_of("paint"), Error);
}

TEST(MessagePrompt, IsTheLastTextThatIsNoLabel) {
  EXPECT_EQ(prompt_of_texts({"Image 1:", "Image 2:", "what is it?"}), "what is it?");
  EXPECT_EQ(prompt_of_texts({"what is it?", "Image 1:", ""}), "what is it?");
  EXPECT_EQ(prompt_of_texts({"image 1"}), "");
  EXPECT_EQ(prompt_of_texts({}), "");
}

TEST(ModelNames, AreFoundAsClientsWriteThem) {
  ServerView server = trial_server();
  server.engine.models[0].name = "nano-captioning";
  server.engine.models[0].aliases = {"Gemma3"};
  for (const char* name : {"nano-captioning", "NANO_Captioning", "nano-captioning:latest", "gemma3",
                           "gemma3:latest", "blip", "BLIP:latest"}) {
    const ModelStatus* model = find_model(server, name);
    ASSERT_NE(model, nullptr) << name;
    EXPECT_EQ(model->name, "nano-captioning") << name;
  }
  EXPECT_EQ(find_model(server, "nano"), nullptr);
  EXPECT_EQ(find_model(server, "gemma3:4b"), nullptr);
  EXPECT_EQ(model_for(server, "", TaskKind::caption), "");  // the engine's choice
  EXPECT_EQ(model_for(server, "vit", TaskKind::classify), "vit");
  try {
    (void)model_for(server, "nope\n", TaskKind::caption);
    FAIL();
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.failure().kind, FailureKind::model_not_found);
    EXPECT_STREQ(refusal.what(), "model 'nope\\x0a' not found");
  }
  try {
    (void)model_for(server, "vit", TaskKind::caption);
    FAIL();
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.failure().kind, FailureKind::not_supported);
  }
  server.any_model = true;
  EXPECT_EQ(model_for(server, "nope", TaskKind::caption), "");
}

TEST(ModelNames, ANameWinsOverAnAlias) {
  ServerView server = trial_server();
  server.engine.models[0].aliases = {"vit"};
  EXPECT_EQ(find_model(server, "vit")->name, "vit");
}

TEST(ClientSampling, TemperatureChoosesTheSearch) {
  EXPECT_EQ(generation_of({}).do_sample, std::nullopt);
  const auto greedy = generation_of({.temperature = 0.0, .top_p = 0.5});
  EXPECT_EQ(greedy.do_sample, false);
  EXPECT_EQ(greedy.num_beams, 1);
  EXPECT_EQ(greedy.top_p, std::nullopt);
  const auto sampled =
      generation_of({.temperature = 0.5, .top_p = 0.9, .top_k = 40, .seed = 7, .choices = 2});
  EXPECT_EQ(sampled.do_sample, true);
  EXPECT_FLOAT_EQ(*sampled.temperature, 0.5F);
  EXPECT_FLOAT_EQ(*sampled.top_p, 0.9F);
  EXPECT_EQ(sampled.top_k, 40);
  EXPECT_EQ(sampled.seed, 7U);
  EXPECT_EQ(sampled.num_return_sequences, 2);
  EXPECT_EQ(generation_of({.choices = 3}).num_beams, 3);
}

TEST(ClientSampling, BoundsOfConversationsAreNotThoseOfCaptions) {
  EXPECT_EQ(generation_of({.max_tokens = 30}).max_new_tokens, 30);
  for (const int tokens : {1000, 0, -1, -2}) {
    EXPECT_EQ(generation_of({.max_tokens = tokens}).max_new_tokens, std::nullopt) << tokens;
  }
  EXPECT_EQ(generation_of({.seed = -1}).seed, std::nullopt);
}

TEST(RequestJson, IsBounded) {
  const auto refused = [](std::string body) {
    try {
      (void)request_object(post_json("/", std::move(body)));
      return std::string("taken");
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_EQ(refused(R"({"a":[1,2]})"), "taken");
  EXPECT_EQ(refused(R"({"a":)" + std::string(62, '[') + std::string(62, ']') + '}'), "taken");
  EXPECT_EQ(refused(R"({"a":)" + std::string(65, '[') + std::string(65, ']') + '}'),
            "request: JSON nested deeper than 64 levels");
  std::string many = R"({"a":[0)";
  for (int i = 0; i < 200'000; ++i) many += ",0";
  EXPECT_EQ(refused(many + "]}"), "request: JSON of more than 200000 values");
  for (const char* body : {"", "[]", "\"a\"", "{", "{}x", "{\"a\":\"\xFF\"}", "null"}) {
    EXPECT_TRUE(refused(body).starts_with("request: ")) << body << ": " << refused(body);
  }
}

TEST(RequestJson, NumbersMayBeFloatingPoint) {
  const nlohmann::json object = {{"a", 20.0}, {"b", 20.5}, {"c", 1e300}, {"d", nullptr}};
  const JsonFields fields(object, "request");
  EXPECT_EQ(whole_number(fields, "a", {0, 100}), 20);
  EXPECT_EQ(whole_number(fields, "d", {0, 100}), std::nullopt);
  EXPECT_THROW((void)whole_number(fields, "b", {0, 100}), Error);
  EXPECT_THROW((void)whole_number(fields, "c", {0, 100}), Error);
  EXPECT_THROW((void)whole_number(fields, "a", {0, 10}), Error);
}

TEST(Timestamps, AreIsoAndUuidsWellFormed) {
  using namespace std::chrono_literals;
  const std::chrono::system_clock::time_point time(1767225599s + 120ms);
  EXPECT_EQ(iso_time(time), "2025-12-31T23:59:59.120000Z");
  EXPECT_EQ(unix_seconds(time), 1767225599);
  const std::string uuid = uuid_of("r1");
  EXPECT_EQ(uuid, uuid_of("r1"));
  EXPECT_NE(uuid, uuid_of("r2"));
  ASSERT_EQ(uuid.size(), 36U);
  EXPECT_EQ(uuid[14], '8');
  EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
}

}  // namespace
}  // namespace blip::serve
