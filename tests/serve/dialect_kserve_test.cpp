// Requests of tritonclient as captured, and the bytes that it reads.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "dialect_trial.hpp"
#include "serve/dialects/base64.hpp"

namespace blip::serve {
namespace {

std::string length_of(std::size_t size) {
  const auto value = static_cast<std::uint32_t>(size);
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

HttpRequest binary_request(const std::string& json, const std::string& binary,
                           const std::string& length) {
  HttpRequest request = post_json("/v2/models/blip/infer", json + binary);
  request.headers = {{"inference-header-content-length", length}};
  return request;
}

HttpRequest binary_request(const std::string& json, const std::string& binary) {
  return binary_request(json, binary, std::to_string(json.size()));
}

// One input called `name` with this binary data.
std::string input_json(const std::string& name, const std::string& shape, std::size_t size) {
  return R"({"name":")" + name + R"(","shape":)" + shape +
         R"(,"datatype":"BYTES","parameters":{"binary_data_size":)" + std::to_string(size) + "}}";
}

TEST(KserveDialect, InfersFromBinaryTensorsAndAnswersInJson) {
  const Trial trial(kserve_dialect(), captured("kserve_binary"));
  ASSERT_EQ(trial.tasks().size(), 1U);
  EXPECT_EQ(trial.tasks()[0].model, "blip");
  const auto& task = trial.input<CaptionTask>();
  EXPECT_TRUE(is_captured_png(task.picture));
  EXPECT_EQ(task.prompt, "a photo of");
  EXPECT_EQ(task.generation.max_new_tokens, 20);
  const HttpResponse response = trial.respond({text_outcome({"a photo of a cat"})});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("Inference-Header-Content-Length"), std::nullopt);
  EXPECT_EQ(response.body,
            R"({"model_name":"blip","model_version":"1","id":"42","outputs":[{"name":"caption",)"
            R"("datatype":"BYTES","shape":[1],"data":["a photo of a cat"]}]})");
}

TEST(KserveDialect, AnswersInBinaryTensors) {
  const Trial trial(kserve_dialect(), captured("kserve_binary_all"));
  const HttpResponse response = trial.respond({text_outcome({"a cat"})});
  const std::string json =
      R"({"model_name":"blip","model_version":"1","outputs":[{"name":"caption",)"
      R"("datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":9}},{"name":"score",)"
      R"("datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]})";
  EXPECT_EQ(response.headers.find("Inference-Header-Content-Length"), std::to_string(json.size()));
  EXPECT_EQ(response.headers.find("Content-Type"), "application/octet-stream");
  EXPECT_EQ(response.body, json + length_of(5) + "a cat" + std::string(4, '\0'));
}

TEST(KserveDialect, ReadsPicturesInBase64FromJson) {
  const std::string picture = "\x89PNG\r\n\x1a\nabc";
  const Trial trial(
      kserve_dialect(),
      post_json("/v2/models/blip/versions/1/infer",
                R"({"inputs":[{"name":"image","shape":[2,1],"datatype":"BYTES","data":[")" +
                    encode_base64(picture) + R"(","data:image/png;base64,)" +
                    encode_base64(picture) +
                    R"("]},{"name":"question","shape":[2],"datatype":"BYTES",)"
                    R"("data":[["why?"],["where?"]]}]})"));
  ASSERT_EQ(trial.tasks().size(), 2U);
  EXPECT_EQ(bytes_of(trial.input<AnswerTask>(1).picture), picture);
  EXPECT_EQ(trial.input<AnswerTask>(0).question, "why?");
  EXPECT_EQ(trial.input<AnswerTask>(1).question, "where?");
  EXPECT_EQ(trial.respond({text_outcome({"a"}), text_outcome({"b"}, -1)}).body,
            R"({"model_name":"blip","model_version":"1","outputs":[{"name":"answer",)"
            R"("datatype":"BYTES","shape":[2],"data":["a","b"]},{"name":"score",)"
            R"("datatype":"FP32","shape":[2],"data":[0,0]}]})");
}

TEST(KserveDialect, AnswersAQuestionInThePrompt) {
  const std::string binary = length_of(1) + "x" + length_of(4) + "why?";
  const std::string json = R"({"inputs":[)" + input_json("image", "[1]", 5) + "," +
                           input_json("prompt", "[1]", 8) + "]}";
  const Trial trial(kserve_dialect(), binary_request(json, binary));
  EXPECT_EQ(trial.input<AnswerTask>().question, "why?");
}

TEST(KserveDialect, MatchesEmbedsAndClassifies) {
  const auto infer = [](const std::string& model, const std::string& inputs,
                        const std::string& rest = "") {
    return Trial(kserve_dialect(), post_json("/v2/models/" + model + "/infer",
                                             R"({"inputs":[)" + inputs + "]" + rest + "}"));
  };
  const std::string image =
      R"({"name":"image","shape":[1],"datatype":"BYTES","data":["aGVsbG8="]})";
  const std::string two_texts =
      R"(,{"name":"text","shape":[2],"datatype":"BYTES","data":["a","b"]})";

  const Trial match = infer("blip", image + two_texts);
  EXPECT_EQ(match.input<MatchTask>().texts, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(
      json_of(match.respond({matches_outcome({itm_match(0.75F), itc_match(0.25F)})}))["outputs"],
      nlohmann::json::parse(
          R"([{"name":"score","datatype":"FP32","shape":[1,2],"data":[0.75,0.25]}])"));

  const Trial texts = infer("clip-vit-base-patch32", two_texts.substr(1));
  EXPECT_EQ(texts.input<EmbedTextsTask>().texts.size(), 2U);
  EXPECT_EQ(json_of(texts.respond({embedding_outcome({1, 2, 3, 4}, 2)}))["outputs"],
            nlohmann::json::parse(
                R"([{"name":"embedding","datatype":"FP32","shape":[2,2],"data":[1,2,3,4]}])"));

  const Trial embed = infer("clip-vit-base-patch32", image, R"(,"outputs":[{"name":"embedding"}])");
  EXPECT_EQ(bytes_of(embed.input<EmbedImageTask>().picture), "hello");

  const Trial zero_shot =
      infer("clip-vit-base-patch32",
            image + R"(,{"name":"labels","shape":[2],"datatype":"BYTES","data":["cat","dog"]})",
            R"(,"parameters":{"top":2})");
  EXPECT_EQ(zero_shot.input<ClassifyTask>().labels, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(zero_shot.input<ClassifyTask>().top, 2U);
  EXPECT_EQ(
      json_of(zero_shot.respond({labels_outcome({{"dog", 0.75F}, {"cat", 0.25F}})}))["outputs"],
      nlohmann::json::parse(
          R"([{"name":"label","datatype":"BYTES","shape":[1,2],"data":["dog","cat"]},)"
          R"({"name":"score","datatype":"FP32","shape":[1,2],"data":[0.75,0.25]}])"));

  const Trial own = infer("vit", image);
  EXPECT_TRUE(own.input<ClassifyTask>().labels.empty());
}

TEST(KserveDialect, TakesADeadline) {
  HttpRequest request = captured("kserve_binary");
  std::string body = *request.body;
  const std::string from = R"("max_new_tokens":20)";
  const std::string to = R"("timeout":500000000)";  // of the same length, in microseconds
  ASSERT_EQ(from.size(), to.size());
  body.replace(body.find(from), from.size(), to);
  request.body = std::make_shared<const std::string>(body);
  const auto now = std::chrono::steady_clock::now();
  const Trial trial(kserve_dialect(), request);
  ASSERT_TRUE(trial.tasks()[0].deadline.has_value());
  EXPECT_GE(*trial.tasks()[0].deadline, now + std::chrono::seconds(500));
  EXPECT_LE(*trial.tasks()[0].deadline, now + std::chrono::seconds(560));
}

TEST(KserveDialect, RefusesWhatItCannotRead) {
  const auto answer = [](const HttpRequest& request) {
    const Trial trial(kserve_dialect(), request);
    EXPECT_NE(trial.answered(), nullptr) << *request.body;
    if (trial.answered() == nullptr) return std::pair(0, std::string());
    return std::pair(trial.answered()->status,
                     json_of(*trial.answered())["error"].get<std::string>());
  };
  // As captured: texts without a picture, numbers instead of pictures.
  EXPECT_EQ(answer(captured("kserve_json")).first, 400);
  EXPECT_EQ(answer(captured("kserve_floats")).second,
            R"(input "pixel_values": datatype must be BYTES, not "FP32")");

  const std::string image = length_of(1) + "x";
  const std::string json = R"({"inputs":[)" + input_json("image", "[1]", 5) + "]}";
  const auto good = binary_request(json, image);
  EXPECT_EQ(Trial(kserve_dialect(), good).tasks().size(), 1U);
  std::vector<HttpRequest> bad = {
      binary_request(json, image + "y"),                              // of no tensor
      binary_request(json, image.substr(0, 4)),                       // too short
      binary_request(json, image, std::to_string(json.size() + 99)),  // of JSON
      binary_request(json, image, "-1"),
      binary_request(json, image, ""),
      binary_request(json, image, std::to_string(json.size()) + "x"),
      binary_request(json, image, "99999999999999999999999"),
      binary_request(json, length_of(2) + "x"),           // an element beyond its tensor
      binary_request(json, length_of(0xFFFFFFFF) + "x"),  // far beyond
      binary_request(json, length_of(0) + "x"),           // less than its tensor
  };
  const std::vector<std::string> bodies = {
      "",
      "[]",
      "{}",
      R"({"inputs":{}})",
      R"({"inputs":[1]})",
      R"({"inputs":[{}]})",
      R"({"inputs":[{"name":"image","datatype":"BYTES","data":["aGk="]}]})",
      R"({"inputs":[{"name":"image","shape":[1],"datatype":"BYTES"}]})",
      R"({"inputs":[{"name":"image","shape":[2],"datatype":"BYTES","data":["aGk="]}]})",
      R"({"inputs":[{"name":"image","shape":[-1],"datatype":"BYTES","data":["aGk="]}]})",
      R"({"inputs":[{"name":"image","shape":[4096,4096],"datatype":"BYTES","data":[]}]})",
      R"({"inputs":[{"name":"image","shape":[18446744073709551615],"datatype":"BYTES","data":[]}]})",
      R"({"inputs":[{"name":"image","shape":[1],"datatype":"BYTES","data":[7]}]})",
      R"({"inputs":[{"name":"image","shape":[1],"datatype":"BYTES","data":["no base64!"]}]})",
      R"({"inputs":[{"name":"image","shape":[1],"datatype":"BYTES","data":["aGk="],)"
      R"("parameters":{"binary_data_size":1}}]})",
      R"({"inputs":[{"name":"image","shape":[1],"datatype":"BYTES","data":["aGk="]},)"
      R"({"name":"image","shape":[1],"datatype":"BYTES","data":["aGk="]}]})",
      R"({"inputs":[{"name":"image","shape":[1],"datatype":"BYTES","data":["aGk="]},)"
      R"({"name":"pix","shape":[1],"datatype":"BYTES","data":["aGk="]}]})",
      R"({"inputs":[{"name":"image","shape":[1],"datatype":"BYTES","data":["aGk="]}],)"
      R"("outputs":[{"name":"logits"}]})",
      R"({"inputs":[{"name":"image","shape":[1],"datatype":"BYTES","data":["aGk="]},)"
      R"({"name":"question","shape":[2],"datatype":"BYTES","data":["a","b"]}]})",
  };
  for (const auto& body : bodies) bad.push_back(post_json("/v2/models/blip/infer", body));
  for (const auto& request : bad) EXPECT_EQ(answer(request).first, 400) << *request.body;
  EXPECT_EQ(answer(post_json("/v2/models/nope/infer", "{}")).first, 404);
  EXPECT_EQ(answer(post_json("/v2/models/blip/versions/2/infer", "{}")).first, 404);
}

TEST(KserveDialect, TellsOfHealth) {
  const auto status = [](const std::string& path, const ServerView& server) {
    return Trial(kserve_dialect(), get(path), server).answered()->status;
  };
  ServerView server = trial_server();
  EXPECT_EQ(status("/v2/health/live", server), 200);
  EXPECT_EQ(status("/v2/health/ready", server), 200);
  EXPECT_EQ(status("/v2/models/blip/ready", server), 200);
  EXPECT_EQ(status("/v2/models/blip/versions/1/ready", server), 200);
  EXPECT_EQ(status("/v2/models/nope/ready", server), 404);
  server.engine.draining = true;
  EXPECT_EQ(status("/v2/health/live", server), 200);
  EXPECT_EQ(status("/v2/health/ready", server), 503);
  EXPECT_EQ(status("/v2/models/blip/ready", server), 503);
  server.engine.draining = false;
  server.engine.ready = false;
  EXPECT_EQ(status("/v2/health/ready", server), 503);
  const Trial ready(kserve_dialect(), get("/v2/health/live"));
  EXPECT_EQ(ready.answered()->body, "");
}

TEST(KserveDialect, TellsOfModels) {
  const auto json = [](const HttpRequest& request) {
    return json_of(*Trial(kserve_dialect(), request).answered());
  };
  EXPECT_EQ(json(get("/v2"))["version"], "1.2.3");
  EXPECT_EQ(json(get("/v2"))["extensions"][0], "binary_tensor_data");
  const auto metadata = json(get("/v2/models/blip"));
  EXPECT_EQ(metadata["name"], "blip");
  EXPECT_EQ(metadata["versions"], nlohmann::json::parse(R"(["1"])"));
  EXPECT_EQ(metadata["platform"], "blip_cpp");
  EXPECT_EQ(metadata["inputs"][0],
            nlohmann::json::parse(R"({"name":"image","datatype":"BYTES","shape":[-1]})"));
  EXPECT_EQ(metadata["outputs"][0]["name"], "caption");
  const auto clip = json(get("/v2/models/CLIP_vit-base-patch32/versions/1"));
  EXPECT_EQ(clip["name"], "clip-vit-base-patch32");
  EXPECT_EQ(clip["outputs"].back(),
            nlohmann::json::parse(R"({"name":"embedding","datatype":"FP32","shape":[-1,2]})"));
  EXPECT_EQ(json(get("/v2/models/blip/config"))["input"][0]["data_type"], "TYPE_STRING");
  EXPECT_EQ(json(get("/v2/models/blip/stats"))["model_stats"][0]["name"], "blip");
  const auto index = json(post_json("/v2/repository/index", ""));
  ASSERT_EQ(index.size(), 3U);
  EXPECT_EQ(index[0],
            nlohmann::json::parse(R"({"name":"blip","version":"1","state":"READY","reason":""})"));
  // A name with its owner in the path.
  ServerView server = trial_server();
  server.engine.models[0].aliases = {"Salesforce/blip"};
  EXPECT_EQ(
      Trial(kserve_dialect(), get("/v2/models/salesforce/blip/ready"), server).answered()->status,
      200);
  EXPECT_FALSE(Trial(kserve_dialect(), get("/v2/elsewhere")).is_taken());
  EXPECT_FALSE(Trial(kserve_dialect(), get("/v2/models/blip/infer")).is_taken());
  EXPECT_EQ(kserve_dialect().methods("/v2/models/blip/infer"),
            std::vector<std::string_view>{"POST"});
}

TEST(KserveDialect, TellsOfTasksThatFailed) {
  const Trial trial(kserve_dialect(), captured("kserve_binary"));
  EXPECT_EQ(trial.respond({failed(FailureKind::queue_full)}).status, 503);
  EXPECT_EQ(trial.respond({failed(FailureKind::bad_image, "bad image")}).body,
            R"({"error":"bad image"})");
}

}  // namespace
}  // namespace blip::serve
