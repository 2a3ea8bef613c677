// Self-critical training, averages of weights, gradients of several batches: whole runs.
#include <torch/torch.h>

#include <numeric>

#include "blip/conditional_generation.hpp"
#include "same_checkpoints.hpp"
#include "train/run/run_checkpoint.hpp"
#include "train/run/tensor_file.hpp"
#include "training_run.hpp"

namespace blip::train {
namespace {

using ::testing::HasSubstr;
using testing::small_run;
using testing::Worker;
using testing::WorkerOutcome;

class TrainingLevers : public TrainingRun {
 protected:
  [[nodiscard]] std::string error_of(Task task, const std::vector<std::string>& settings) const {
    const WorkerOutcome outcome = Worker(small_run(task, path(), "none", settings)).wait();
    EXPECT_EQ(outcome.exit_code, 2) << outcome.output;
    return outcome.output;
  }
  [[nodiscard]] std::vector<double> values(const std::string& run, const char* name) const {
    std::vector<double> result;
    const LogSeries series = log(run);
    for (const LogPoint& point : series.at(name)) result.push_back(point.value);
    return result;
  }
};

TEST_F(TrainingLevers, SmallBatchesAddUpToALargeOne) {
  for (const Task task : {Task::caption, Task::vqa, Task::nlvr}) {
    const std::string run(name_of(task));
    SCOPED_TRACE(run);
    const std::vector<std::string> exact = {"model.dropout=0", "model.drop_path=0",
                                            "run.max_steps=1", "optimizer.epsilon=1"};
    auto large = exact;
    large.emplace_back("data.batch=12");
    auto small = exact;
    small.insert(small.end(), {"data.batch=3", "optimizer.accumulation_steps=4"});
    train(task, run + "-large", large);
    train(task, run + "-small", small);
    EXPECT_NEAR(values(run + "-large", "loss").front(), values(run + "-small", "loss").front(),
                1e-5);
    const NamedTensors wanted = load_checkpoint(path() / (run + "-large")).optimizer;
    for (const auto& [name, tensor] : load_checkpoint(path() / (run + "-small")).optimizer) {
      if (!name.ends_with(".exp_avg")) continue;  // a tenth of the gradient
      EXPECT_TRUE(tensor.allclose(find_tensor(wanted, name), 1e-4, 1e-7)) << name;
    }
  }
  for (const Task task : {Task::pretrain, Task::retrieval}) {
    EXPECT_THAT(error_of(task, {"optimizer.accumulation_steps=2"}),
                HasSubstr("compare what is in a batch"));
  }
}

TEST_F(TrainingLevers, SavesTheAverageAndGoesOnWithBoth) {
  train(Task::caption, "plain", {"run.max_steps=4"});
  train(Task::caption, "whole", {"run.max_steps=4", "optimizer.average_decay=0.5"});
  train(Task::caption, "parts", {"run.max_steps=2", "optimizer.average_decay=0.5"});
  train(Task::caption, "parts", {"run.max_steps=4", "optimizer.average_decay=0.5"}, {"--resume"});
  const auto saved = [&](const std::string& run) {
    return read_tensor_file(path() / run / "model" / "model.safetensors");
  };
  const char* name = "vision_model.post_layernorm.weight";
  // The weights that are trained are those without an average; what is saved is not.
  const torch::Tensor trained = find_tensor(load_checkpoint(path() / "plain").model, name);
  EXPECT_TRUE(find_tensor(load_checkpoint(path() / "whole").model, name).equal(trained));
  EXPECT_FALSE(find_tensor(saved("whole"), name).equal(trained));
  EXPECT_TRUE(find_tensor(saved("plain"), name).equal(trained));
  for (const auto& [key, tensor] : saved("whole")) {
    EXPECT_TRUE(tensor.equal(find_tensor(saved("parts"), key))) << key;
  }
  // A run may begin to average.
  train(Task::caption, "plain", {"run.max_steps=5", "optimizer.average_decay=0.5"}, {"--resume"});
}

TEST_F(TrainingLevers, LearnsFromCaptionsOfItsOwn) {
  train(Task::caption, "start", {"run.max_steps=60", "optimizer.learning_rate=5e-3"});
  const std::vector<std::string> critical = {"model.start=" + (path() / "start" / "model").string(),
                                             "objective.self_critical=true",
                                             "optimizer.learning_rate=3e-3",
                                             "evaluation.max_length=10",
                                             "run.max_steps=60",
                                             "objective.self_critical_baseline=others"};
  train(Task::caption, "critical", critical);
  BlipForConditionalGeneration::from_pretrained(path() / "critical" / "model");
  const std::vector<double> rewards = values("critical", "reward");
  const auto mean = [](auto first, auto last) {
    return std::accumulate(first, last, 0.0) / static_cast<double>(last - first);
  };
  EXPECT_GT(mean(rewards.end() - 10, rewards.end()),
            mean(rewards.begin(), rewards.begin() + 10) + 0.1);

  // With synthetic captions, and with the greedy baseline; the same run each time.
  auto mixed = critical;
  mixed.insert(mixed.end(),
               {"objective.self_critical_baseline=greedy", "run.max_steps=3",
                "objective.self_critical_cross_entropy=0.5", "data.captions_per_image=2"});
  train(Task::caption, "mixed", mixed);
  train(Task::caption, "again", mixed);
  EXPECT_EQ(values("mixed", "loss"), values("again", "loss"));
  EXPECT_GT(values("mixed", "language").front(), 0);
  mixed.emplace_back("objective.synthetic_datasets=[\"\"]");
  EXPECT_THAT(error_of(Task::caption, mixed), HasSubstr("needs captions of people"));
  EXPECT_THAT(error_of(Task::caption,
                       {"objective.self_critical=true", "objective.self_critical_baseline=others",
                        "objective.self_critical_samples=1"}),
              HasSubstr("must be 2 or more"));
}

}  // namespace
}  // namespace blip::train
