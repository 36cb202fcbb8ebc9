"""The official Python client works against the node as it does against OpenAI."""
import json
import unittest

import openai
import pydantic

from yard import MODELS, Sim, Yard, key, provider

WEATHER = {"name": "get_weather", "description": "Weather of a city", "strict": True, "parameters": {
    "type": "object", "additionalProperties": False, "required": ["city", "unit"],
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}}}}


class Step(pydantic.BaseModel):
    explanation: str
    output: str


class Plan(pydantic.BaseModel):
    steps: list[Step]
    minutes: int
    sure: bool


class OfficialPythonClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = Sim()
        cls.yard = Yard({"providers": {"openai": provider(cls.sim.url, key("one", weight=0.5), key("two", weight=0.5))}})
        cls.client = openai.OpenAI(base_url=cls.yard.url + "/v1", api_key="anything", max_retries=0, timeout=20)

    @classmethod
    def tearDownClass(cls):
        code = cls.yard.stop()
        cls.sim.stop()
        assert code == 0, code

    def ask(self, prompt, **more):
        return self.client.chat.completions.create(model="small", messages=[{"role": "user", "content": prompt}], **more)

    def test_chat_answers_with_text_and_usage(self):
        answer = self.ask("Explain the interlocking of signals")
        self.assertIn("interlocking", answer.choices[0].message.content)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)

    def test_provider_slash_model_names_the_same_model(self):
        plain, full = self.ask("Same"), self.client.chat.completions.create(model="openai/small", messages=[{"role": "user", "content": "Same"}])
        self.assertEqual(plain.choices[0].message.content, full.choices[0].message.content)

    def test_a_stream_brings_the_same_text_as_the_whole_answer(self):
        pieces = [c.choices[0].delta.content or "" for c in self.ask("Points and signals", stream=True) if c.choices]
        self.assertGreater(len(pieces), 5)
        self.assertEqual("".join(pieces), self.ask("Points and signals").choices[0].message.content)

    def test_a_stream_brings_usage_only_when_it_is_asked_for(self):
        chunks = list(self.ask("Usage please", stream=True, stream_options={"include_usage": True}))
        self.assertEqual(chunks[-1].choices, [])
        self.assertGreater(chunks[-1].usage.total_tokens, 0)
        self.assertTrue(all(c.choices and c.usage is None for c in self.ask("Usage please", stream=True)))

    def test_several_choices_stop_words_and_length_are_honoured(self):
        answer = self.ask("Long story about trains", n=3, max_tokens=5)
        self.assertEqual([c.finish_reason for c in answer.choices], ["length"] * 3)
        self.assertNotIn(".", self.ask("Long story about trains", stop=["."]).choices[0].message.content)

    def test_a_tool_is_called_and_its_result_is_used(self):
        messages = [{"role": "user", "content": "What is the weather in Oslo?"}]
        tools = [{"type": "function", "function": WEATHER}]
        first = self.client.chat.completions.create(model="small", messages=messages, tools=tools)
        self.assertEqual(first.choices[0].finish_reason, "tool_calls")
        call = first.choices[0].message.tool_calls[0]
        self.assertEqual(json.loads(call.function.arguments)["city"], "Oslo")
        messages += [first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "7 degrees"}]
        second = self.client.chat.completions.create(model="small", messages=messages, tools=tools)
        self.assertIn("7 degrees", second.choices[0].message.content)

    def test_a_streamed_tool_call_accumulates(self):
        with self.client.chat.completions.stream(model="small", messages=[{"role": "user", "content": "weather in Oslo"}],
                                                 tools=[{"type": "function", "function": WEATHER}]) as stream:
            stream.until_done()
            call = stream.get_final_completion().choices[0].message.tool_calls[0]
        self.assertEqual(call.function.parsed_arguments["city"], "Oslo")

    def test_structured_chat_output_parses_into_the_model(self):
        answer = self.client.chat.completions.parse(model="large", messages=[{"role": "user", "content": "Plan a trip to Bergen"}], response_format=Plan)
        self.assertIsInstance(answer.choices[0].message.parsed, Plan)

    def test_responses_answer_with_text(self):
        answer = self.client.responses.create(model="medium", input="Describe the yard")
        self.assertIn("yard", answer.output_text)
        self.assertEqual(answer.status, "completed")

    def test_responses_stream_the_whole_event_sequence(self):
        with self.client.responses.stream(model="medium", input="Describe the yard") as stream:
            types = [event.type for event in stream]
            final = stream.get_final_response()
        self.assertEqual((types[0], types[-1]), ("response.created", "response.completed"))
        self.assertIn("yard", final.output_text)

    def test_responses_parse_structured_output_and_call_tools(self):
        parsed = self.client.responses.parse(model="medium", input="Plan a trip", text_format=Plan)
        self.assertIsInstance(parsed.output_parsed, Plan)
        called = self.client.responses.create(model="medium", input="weather in Oslo", tools=[{"type": "function", **WEATHER}])
        self.assertEqual(called.output[0].type, "function_call")
        self.assertEqual(json.loads(called.output[0].arguments)["city"], "Oslo")

    def test_legacy_completions_answer_whole_and_streamed(self):
        whole = self.client.completions.create(model="small", prompt="Once upon a train", max_tokens=20).choices[0].text
        self.assertEqual(whole, "".join(c.choices[0].text for c in self.client.completions.create(model="small", prompt="Once upon a train", max_tokens=20, stream=True)))

    def test_embeddings_come_as_floats_and_as_base64(self):
        default = self.client.embeddings.create(model="small", input=["one train", "two trains"], dimensions=32)
        self.assertEqual([len(e.embedding) for e in default.data], [32, 32])
        floats = self.client.embeddings.create(model="small", input="one train", dimensions=32, encoding_format="float")
        for a, b in zip(default.data[0].embedding, floats.data[0].embedding):
            self.assertAlmostEqual(a, b, places=6)

    def test_models_are_listed_and_retrieved(self):
        listed = {m.id for m in self.client.models.list()}
        self.assertTrue({f"openai/{m}" for m in MODELS} <= listed or set(MODELS) <= listed, listed)
        self.assertTrue(self.client.models.retrieve(sorted(listed)[0]).id)
        self.assertTrue(self.client.models.retrieve("small").id)
        with self.assertRaises(openai.NotFoundError):
            self.client.models.retrieve("ghost")

    def test_the_same_routes_answer_under_openai(self):
        client = self.client.with_options(base_url=self.yard.url + "/openai/v1")
        self.assertTrue(client.chat.completions.create(model="small", messages=[{"role": "user", "content": "x"}]).choices)

    def test_fields_the_node_does_not_know_reach_the_provider(self):
        self.ask("Unknown fields", extra_body={"min_tokens": 7, "x_new_field": {"deep": [1, 2.50, "é\u2028"]}})
        body = json.loads(self.sim.received(bodies=True)["requests"][-1]["body"])
        self.assertEqual(body["x_new_field"], {"deep": [1, 2.50, "é\u2028"]})

    def test_every_answer_says_who_served_it(self):
        raw = self.client.chat.completions.with_raw_response.create(model="small", messages=[{"role": "user", "content": "x"}])
        self.assertEqual(raw.headers["x-switchyard-provider"], "openai")
        self.assertTrue(raw.headers["x-switchyard-model"].endswith("small"))
        self.assertIn(raw.headers["x-switchyard-key"], ("one", "two"))
        self.assertEqual(raw.headers["x-switchyard-attempts"], "1")
        for name in ("x-request-id", "x-switchyard-decision", "x-switchyard-overhead-us", "x-switchyard-node"):
            self.assertTrue(raw.headers.get(name), name)
        self.assertLess(int(raw.headers["x-switchyard-overhead-us"]), 1_000_000)

    def test_request_ids_differ_and_streams_carry_the_headers_too(self):
        seen = set()
        for _ in range(3):
            raw = self.client.chat.completions.with_raw_response.create(model="small", stream=True, messages=[{"role": "user", "content": "x"}])
            seen.add(raw.headers["x-request-id"])
            self.assertEqual(raw.headers["x-switchyard-provider"], "openai")
            list(raw.parse())
        self.assertEqual(len(seen), 3)


if __name__ == "__main__":
    unittest.main()
